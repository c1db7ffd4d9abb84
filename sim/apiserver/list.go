package apiserver

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage"
)

const (
	expiredContinue = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter."
	// inconsistentContinue is expiredContinue for a list that can go on.
	inconsistentContinue = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
	expiredList          = "The resourceVersion for the provided list is too old."
)

// listed is the outcome of a list.
type listed struct {
	items []*object
	meta  metav1.ListMeta
}

func (c *call) list(opts *internalversion.ListOptions) {
	f, err := c.negotiated()
	if err != nil {
		c.fail(err)
		return
	}
	cancel := c.whenListed(opts, func(l listed, err error) {
		if err != nil {
			c.fail(err)
			return
		}
		c.whenConverted(l.items, func() { c.answerList(l, f) })
	})
	if cancel != nil { // otherwise it may be a conversion that is waited for
		c.onCancel = cancel
	}
}

func (c *call) answerList(l listed, f format) {
	if c.version.Shown != nil {
		for i, o := range l.items {
			l.items[i] = c.shown(o)
		}
	}
	if f.as != "" {
		c.answerTransformed(http.StatusOK, l.items, true, l.meta, f)
		return
	}
	c.respond(http.StatusOK, contentTypes[f.encoding], listBody(c.shape(), f.encoding, l.meta, l.items))
}

// page is where a list reads: the state at revision, from startKey on.
type page struct {
	revision uint64
	startKey string
	limit    int64
}

// whenListed makes a list and hands it over, at once or when the cache is
// fresh enough.
func (c *call) whenListed(opts *internalversion.ListOptions, done func(listed, error)) (cancel func()) {
	sel := c.newSelection(opts)
	p := page{limit: opts.Limit}
	answer := func() { done(c.readPage(sel, p)) }
	fromLog := c.server.config.DisableWatchCache
	switch {
	case opts.Continue != "":
		if err := c.continuePage(opts, sel, &p); err != nil {
			done(listed{}, err)
			return nil
		}
		if opts.ResourceVersion == "0" && !fromLog {
			p.limit = 0
		}
		answer()
		return nil
	case opts.ResourceVersion == "":
		p.revision = c.server.revision
		answer()
		return nil
	}
	revision, err := parseRevision(opts.ResourceVersion)
	if err != nil {
		done(listed{}, apierrors.NewBadRequest(fmt.Sprintf("invalid resource version: %v", err)))
		return nil
	}
	retry := retryTooLarge
	if fromLog {
		retry = 0 // only the cache has hope of catching up
	}
	late := func(current uint64) {
		done(listed{}, storage.NewTooLargeResourceVersionError(revision, current, retry))
	}
	// A page at a revision is exact even if the request does not say so.
	exactPage := opts.ResourceVersionMatch == "" && revision > 0 && opts.Limit > 0 && !c.one(sel)
	if opts.ResourceVersionMatch == metav1.ResourceVersionMatchExact || exactPage {
		if revision < c.server.compacted {
			done(listed{}, apierrors.NewResourceExpired(expiredList))
			return nil
		}
		p.revision = revision
		if fromLog && revision > c.server.revision {
			late(c.server.revision)
			return nil
		}
		return c.cache().whenFresh(min(revision, c.reachable(revision)), answer, late)
	}
	if fromLog {
		if revision > c.server.revision {
			late(c.server.revision)
			return nil
		}
		p.revision = c.server.revision
		answer()
		return nil
	}
	if revision == 0 {
		p.limit = 0 // the cache does not page what need not be fresh
	}
	return c.cache().whenFresh(revision, func() {
		p.revision = c.cache().revision()
		answer()
	}, late)
}

// reachable is the revision an exact list waits for: none when it is in the
// log already, for then the log itself answers.
func (c *call) reachable(revision uint64) uint64 {
	if revision <= c.server.revision {
		return 0
	}
	return revision
}

// continuePage decodes a continue token.
func (c *call) continuePage(opts *internalversion.ListOptions, sel selection, p *page) error {
	prefix := c.keyPrefix(sel.namespace)
	from, revision, err := storage.DecodeContinue(opts.Continue, prefix)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("invalid continue token: %v", err))
	}
	if opts.ResourceVersion != "" && opts.ResourceVersion != "0" {
		return apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
	}
	if opts.ResourceVersion == "0" {
		p.limit = 0
	}
	p.startKey = strings.TrimPrefix(from, c.keyPrefix(""))
	switch {
	case revision < 0: // a token to go on inconsistently
		p.revision = c.server.revision
	case uint64(revision) < c.server.compacted:
		return c.expired(from, prefix)
	case uint64(revision) > c.server.revision:
		return storage.NewTooLargeResourceVersionError(uint64(revision), c.server.revision, retryTooLarge)
	default:
		p.revision = uint64(revision)
	}
	return nil
}

func (c *call) expired(from, prefix string) error {
	token, err := storage.EncodeContinue(from, prefix, -1)
	if err != nil {
		return apierrors.NewResourceExpired(expiredContinue)
	}
	e := apierrors.NewResourceExpired(inconsistentContinue)
	e.ErrStatus.ListMeta.Continue = token
	return e
}

// keyPrefix is where the resource lies in etcd; tokens are relative to it.
func (c *call) keyPrefix(namespace string) string {
	p := storagePrefix(c.kind) + "/"
	if namespace != "" {
		p += namespace + "/"
	}
	return p
}

// one: the selection names an object. Reading that is not paging, in any case.
func (c *call) one(sel selection) bool {
	return sel.name != "" && (sel.namespace != "" || !c.kind.Namespaced)
}

// readPage reads one page; a limit of 0 or less reads all.
func (c *call) readPage(sel selection, p page) (listed, error) {
	snap := c.res.at(p.revision)
	out := listed{meta: metav1.ListMeta{ResourceVersion: formatRevision(p.revision)}}
	if c.one(sel) {
		if o := snap.objects[objectKey(sel.namespace, sel.name)]; o != nil && sel.matches(o) {
			out.items = append(out.items, o)
		}
		return out, nil
	}
	keys := span(snap.keys, sel.namespace)
	if p.startKey != "" {
		i, _ := slices.BinarySearch(keys, p.startKey)
		keys = keys[i:]
	}
	limit := p.limit
	if limit <= 0 {
		limit = math.MaxInt64
	}
	for i, k := range keys {
		// Whether what follows is selected is not looked at.
		if int64(len(out.items)) == limit {
			return out, c.more(&out, sel, int64(len(keys)-i), p.revision)
		}
		if o := snap.objects[k]; sel.matches(o) {
			out.items = append(out.items, o)
		}
	}
	return out, nil
}

// more says in the list's metadata that the list goes on after its last item.
func (c *call) more(out *listed, sel selection, remaining int64, revision uint64) error {
	last := c.keyPrefix("") + out.items[len(out.items)-1].key + "\x00"
	token, err := storage.EncodeContinue(last, c.keyPrefix(sel.namespace), int64(revision))
	if err != nil {
		return err
	}
	out.meta.Continue = token
	if sel.everything() {
		out.meta.RemainingItemCount = &remaining
	}
	return nil
}

// revisionOf reads the metadata of a stored or decoded object.
func revisionOf(m metav1.Object) (uint64, error) {
	rv := m.GetResourceVersion()
	if rv == "" {
		return 0, nil
	}
	return strconv.ParseUint(rv, 10, 64)
}
