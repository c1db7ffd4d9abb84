package apiserver

func (c *call) getScale()             { c.fail(c.notFound()) }
func (c *call) writeScale(patch bool) { c.fail(c.notFound()) }
