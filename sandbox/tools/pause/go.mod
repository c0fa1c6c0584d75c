module notejam.example/sandbox/pause

go 1.25.0
