module hello-web

go 1.25.0
