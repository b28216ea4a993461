module pouw.dev/pause

go 1.26
