package apiserver

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
)

// deleteCollection deletes what a list would show, one commit each, and
// answers with the list as it was.
func (c *call) deleteCollection() {
	if err := c.deleteSelected(); err != nil {
		c.fail(err)
	}
}

func (c *call) deleteSelected() error {
	f, err := c.negotiated()
	if err != nil {
		return err
	}
	list, err := c.listOptions()
	if err != nil {
		return err
	}
	opts, err := c.deleteOptions()
	if err != nil {
		return err
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
	return nil
}

func (c *call) deleteListed(l listed, opts *metav1.DeleteOptions) error {
	if err := c.admitDeletions(l, opts); err != nil {
		return err
	}
	for _, o := range l.items {
		d := c.deletion(opts.DeepCopy(), o.meta.GetName())
		d.admittedAlready = true
		if _, _, err := d.delete(); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// admitDeletions asks about all objects before the first goes: a request that
// waits for an answer is served again, and must not find half of them gone.
func (c *call) admitDeletions(l listed, opts *metav1.DeleteOptions) error {
	if c.server.admissionPlan().Empty() {
		return nil
	}
	var waits error
	for _, o := range l.items {
		existing := c.res.objects[o.key]
		if existing == nil {
			continue
		}
		d := c.deletion(opts.DeepCopy(), o.meta.GetName())
		switch err := d.admitDelete(existing); {
		case errors.Is(err, admission.ErrSuspended):
			waits = err
		case err != nil:
			return err
		}
	}
	return waits
}
