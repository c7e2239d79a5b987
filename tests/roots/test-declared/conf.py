project = "declared"
extensions = ["sphinx_xpcaps"]
html_theme = "alabaster"
xpcaps_records = ["record.json"]
xpcaps_backends = ["numpy", "jax", "dask"]
xpcaps_declared = "declares:table"
