project = "offline"
extensions = ["myst_parser", "sphinx_xpcaps"]
xpcaps_execute = "off"
xpcaps_records = ["records/*.json"]
html_theme = "alabaster"
latex_documents = [("index", "offline.tex", "offline", "nobody", "manual")]
