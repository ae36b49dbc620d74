# install.packages() gets binary packages for this release of the distribution, as the image's own build does; the server
# tells them from sources by R's user agent. CRAN_REPOSITORY is another server of the same layout, such as a mirror.
local({
  release <- readLines("/etc/os-release")
  codename <- sub("^VERSION_CODENAME=", "", grep("^VERSION_CODENAME=", release, value = TRUE))
  server <- Sys.getenv("CRAN_REPOSITORY", "https://p3m.dev/cran")
  platform <- paste(getRversion(), R.version$platform, R.version$arch, R.version$os)
  options(
    repos = c(CRAN = sprintf("%s/__linux__/%s/latest", sub("/$", "", server), codename)),
    HTTPUserAgent = sprintf("R/%s R (%s)", getRversion(), platform)
  )
})
