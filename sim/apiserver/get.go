package apiserver

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage"
)

// retryTooLarge is what a 504 for a future resourceVersion puts in Retry-After.
const retryTooLarge = 1

func (c *call) get() {
	f, err := c.negotiated()
	if err != nil {
		c.fail(err)
		return
	}
	var opts metav1.GetOptions
	if err := c.decodeOptions(&opts); err != nil {
		c.fail(err)
		return
	}
	revision, err := parseRevision(opts.ResourceVersion)
	if err != nil {
		c.fail(err)
		return
	}
	key := objectKey(c.info.Namespace, c.info.Name)
	if opts.ResourceVersion == "" || c.server.config.DisableWatchCache {
		if revision > c.server.revision {
			c.fail(storage.NewTooLargeResourceVersionError(revision, c.server.revision, 0))
			return
		}
		c.answerGet(c.res.objects[key], f)
		return
	}
	cache := c.cache()
	cancel := cache.whenFresh(revision, func() {
		c.answerGet(c.res.get(key, cache.revision()), f)
	}, c.tooLarge(revision))
	if cancel != nil { // otherwise it may be a conversion that is waited for
		c.onCancel = cancel
	}
}

// tooLarge answers a read that has waited in vain.
func (c *call) tooLarge(revision uint64) func(current uint64) {
	return func(current uint64) {
		c.fail(storage.NewTooLargeResourceVersionError(revision, current, retryTooLarge))
	}
}

func (c *call) cache() *watchCache { return c.res.caches[c.replica] }

func (c *call) answerGet(o *object, f format) {
	if o == nil {
		c.fail(c.notFound())
		return
	}
	c.answerObject(http.StatusOK, o, f)
}

func (c *call) notFound() error {
	return apierrors.NewNotFound(c.kind.Resource, c.info.Name)
}

// shown is what this endpoint shows of a stored object.
func (c *call) shown(o *object) *object {
	if c.version.Shown == nil || c.info.Subresource != "" {
		return o
	}
	value := c.version.Shown(o.value)
	if value == o.value {
		return o
	}
	return &object{key: o.key, revision: o.revision, value: value, meta: metaOf(value)}
}

// answerObject sends an object in the form the client asked for.
func (c *call) answerObject(code int, o *object, f format) {
	c.answerWhole(code, c.shown(o), f)
}

// answerWhole hides nothing that is stored.
func (c *call) answerWhole(code int, o *object, f format) {
	c.whenConverted([]*object{o}, func() { c.answerConverted(code, o, f) })
}

func (c *call) answerConverted(code int, o *object, f format) {
	if f.as != "" {
		c.answerTransformed(code, []*object{o}, false, metav1.ListMeta{ResourceVersion: o.meta.GetResourceVersion()}, f)
		return
	}
	c.respond(code, contentTypes[f.encoding], o.body(c.shape(), f.encoding))
}
