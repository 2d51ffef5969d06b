module poll

go 1.25.0
