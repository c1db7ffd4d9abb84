package apiserver

import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
)

// A request that needs an answer from outside (a webhook's) is not held up in
// the middle: it ends with an error, and when the answer is there it is served
// again from the start, with the answer at hand. Until it commits, a request
// has no effects, so this cannot be told from waiting; and when others have
// changed the object meanwhile, the second time works on the new state and asks
// again, as the real server does when its transaction fails.

// requestTimeout is how long kube-apiserver works on one request.
const requestTimeout = time.Minute

var errTimedOut = apierrors.NewTimeoutError("request did not complete within requested timeout", 0)

// outside is what a suspended request has learned and waits for.
type outside struct {
	began   time.Time // of the first attempt
	answers map[string]any
	names   map[string]string // that were generated, by what for
	wanted  []question
	waiting int
	cancels []func()
	gone    bool
}

// question is one answer that is needed; ask may answer at once.
type question struct {
	key string
	ask func(answered func(any)) (cancel func())
}

// await returns the answer to a question, or notes that it is to be asked: the
// caller then ends the attempt with an error that wraps [admission.ErrSuspended].
func (c *call) await(q question) (answer any, ok bool) {
	c.begin()
	if answer, ok = c.outside.answers[q.key]; ok {
		return answer, true
	}
	for _, w := range c.outside.wanted {
		if w.key == q.key {
			return nil, false
		}
	}
	c.outside.wanted = append(c.outside.wanted, q)
	return nil, false
}

// begin notes when the first attempt was made, once.
func (c *call) begin() {
	if c.outside == nil {
		c.outside = &outside{began: c.server.config.Clock.Now(), answers: map[string]any{}, names: map[string]string{}}
	}
}

// left is how much of the time for the request there still is.
func (c *call) left() time.Duration {
	if c.outside == nil {
		return requestTimeout
	}
	return requestTimeout - c.server.config.Clock.Now().Sub(c.outside.began)
}

// suspended asks what the attempt needs to know, if that is what it failed for.
func (c *call) suspended(err error) bool {
	if !errors.Is(err, admission.ErrSuspended) {
		return false
	}
	o := c.outside
	wanted := o.wanted
	o.wanted, o.cancels, o.waiting = nil, nil, len(wanted)+1
	c.onCancel = func() {
		o.gone = true
		for _, cancel := range o.cancels {
			cancel()
		}
	}
	for _, q := range wanted {
		o.cancels = append(o.cancels, q.ask(func(answer any) {
			o.answers[q.key] = answer
			c.answered()
		}))
	}
	c.answered()
	return true
}

// answered serves the request again when nothing is missing any more.
func (c *call) answered() {
	if c.outside.waiting--; c.outside.waiting > 0 || c.outside.gone {
		return
	}
	c.warnings, c.pretty, c.onCancel = nil, false, nil
	switch {
	case c.again != nil:
		c.again()
	case c.left() <= 0:
		c.fail(errTimedOut)
	default:
		c.serve()
	}
}

// now is the time that a write carries: that of its first attempt, so that the
// object is the same each time.
func (c *call) now() time.Time {
	if c.outside != nil {
		return c.outside.began.UTC().Truncate(time.Second)
	}
	return c.server.now()
}
