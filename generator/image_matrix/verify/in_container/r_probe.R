# Loads R packages. Run in an image as `Rscript -e SOURCE PACKAGE…`; uses R alone. Each answer is printed at once, as
# image_matrix.verify.in_container.python_probe does, so that a package that crashes R loses no earlier answer.
quoted <- function(text) {
  text <- gsub("[[:cntrl:][:space:]]+", " ", paste(text, collapse = " "))
  paste0("\"", gsub("([\\\\\"])", "\\\\\\1", text), "\"")
}
for (package in commandArgs(TRUE)) {
  started <- proc.time()[["elapsed"]]
  problem <- tryCatch({
    loadNamespace(package)
    ""
  }, error = conditionMessage)
  seconds <- format(proc.time()[["elapsed"]] - started, scientific = FALSE)
  cat("\n@image-matrix [\"r_package\", ", quoted(package), ", ", quoted(problem), ", ", seconds, "]\n", sep = "")
}
