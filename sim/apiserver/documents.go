package apiserver

type documents struct{}

func (c *call) serveDocument(path string) bool { return false }
