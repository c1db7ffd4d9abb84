package apiserver

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// deleteCollection deletes what a list would show, one commit each, and
// answers with the list as it was.
func (c *call) deleteCollection() {
	f, err := c.negotiated()
	if err != nil {
		c.fail(err)
		return
	}
	list, err := c.listOptions()
	if err != nil {
		c.fail(err)
		return
	}
	opts, err := c.deleteOptions()
	if err != nil {
		c.fail(err)
		return
	}
	c.onCancel = c.whenListed(list, func(l listed, err error) {
		if err == nil {
			err = c.deleteListed(l, opts)
		}
		if err != nil {
			c.fail(err)
			return
		}
		c.answerList(l, f)
	})
}

func (c *call) deleteListed(l listed, opts *metav1.DeleteOptions) error {
	for _, o := range l.items {
		d := deletion{write: write{call: c, dryRun: isDryRun(opts.DryRun)}, opts: opts.DeepCopy(), name: o.meta.GetName()}
		if _, _, err := d.delete(); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}
