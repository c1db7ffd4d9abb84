package apiserver

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
)

// watcher is one open watch.
type watcher struct {
	call   *call
	cache  *watchCache
	sel    selection
	format format
	shape  shape
	table  *tableStream // not nil: events are Tables
	// from: only later events are sent.
	from      uint64
	bookmarks bool
	// started is the revision the watch began at; bookmarks tell of later ones.
	started uint64
	timers  map[string]func()
	held    []heldEvent // that wait for a conversion
	closed  bool
	ends    time.Time
}

// watch opens a stream. Whatever goes wrong from the moment the options are
// known to be good is told inside it, as an ERROR event.
func (c *call) watch(opts *internalversion.ListOptions) {
	f, err := c.streamed()
	if err != nil {
		c.fail(err)
		return
	}
	table, err := c.tableStream(f)
	if err != nil {
		c.fail(err)
		return
	}
	revision, err := parseRevision(opts.ResourceVersion)
	if err != nil {
		c.fail(err)
		return
	}
	w := &watcher{
		call:      c,
		cache:     c.cache(),
		sel:       c.newSelection(opts),
		format:    f,
		shape:     c.shape(),
		table:     table,
		bookmarks: opts.AllowWatchBookmarks,
		timers:    map[string]func(){},
	}
	contentType := contentTypes[f.encoding]
	if f.encoding != encodeJSON {
		contentType += ";stream=watch"
	}
	c.w.Respond(http.StatusOK, c.header(contentType), nil, true)
	if opts.TimeoutSeconds != nil && *opts.TimeoutSeconds < 0 {
		w.end() // its time is over before it begins
		return
	}
	c.onCancel = w.stop
	w.armTimeout(opts)
	w.start(opts, revision)
}

// start sends what the client asks to see first and joins the cache.
func (w *watcher) start(opts *internalversion.ListOptions, revision uint64) {
	initial := opts.SendInitialEvents != nil && *opts.SendInitialEvents
	skip := opts.SendInitialEvents != nil && !*opts.SendInitialEvents
	switch {
	case initial:
		need := revision
		if opts.ResourceVersion == "" {
			need = w.cache.server.revision
		}
		w.whenFresh(need, func() { w.sendState(w.bookmarks) })
	case revision == 0 && skip:
		w.started = w.cache.revision()
		w.join(w.started)
	case revision == 0:
		w.sendState(false)
	default:
		w.resume(revision)
	}
}

// whenFresh waits as a read does, but tells a failure in the stream.
func (w *watcher) whenFresh(revision uint64, f func()) {
	give := w.cache.whenFresh(revision, func() {
		delete(w.timers, "fresh")
		f()
	}, func(current uint64) {
		delete(w.timers, "fresh")
		w.fail(storage.NewTooLargeResourceVersionError(revision, current, retryTooLarge))
	})
	if give != nil {
		w.timers["fresh"] = give
	}
}

// sendState sends the cache's present state as ADDED events.
func (w *watcher) sendState(endMark bool) {
	at := w.cache.revision()
	snap := w.cache.res.at(at)
	for _, k := range span(snap.keys, w.sel.namespace) {
		if o := snap.objects[k]; w.sel.matches(o) {
			w.inOrder(o, func() { w.sendObject(watch.Added, o, o.revision) })
		}
	}
	w.started = at
	if endMark {
		w.bookmark(at, map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	}
	w.join(at)
}

// resume sends what happened after a revision.
func (w *watcher) resume(revision uint64) {
	oldest := w.cache.since
	if w.cache.server.config.DisableWatchCache {
		oldest = w.cache.server.compacted
	}
	if revision < oldest {
		w.fail(w.tooOld(revision, oldest))
		return
	}
	at := w.cache.revision()
	w.started = revision
	for _, e := range w.cache.res.after(revision) {
		if e.revision > at {
			break
		}
		w.event(e)
	}
	w.join(max(revision, at))
}

func (w *watcher) tooOld(revision, oldest uint64) error {
	if w.cache.server.config.DisableWatchCache {
		return apierrors.NewResourceExpired("The resourceVersion for the provided watch is too old.")
	}
	return apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", revision, oldest))
}

func (w *watcher) join(revision uint64) {
	if w.closed {
		return
	}
	w.from = revision
	w.cache.watchers = append(w.cache.watchers, w)
	if w.bookmarks {
		w.armBookmark()
	}
}

// event sends one change, as the selection makes it look: an object that
// enters is ADDED, one that leaves is DELETED as it last matched.
func (w *watcher) event(e *event) {
	if w.closed || e.revision <= w.from {
		return
	}
	is := !e.deleted && w.sel.matches(e.current)
	was := e.old != nil && w.sel.matches(e.old)
	var t watch.EventType
	o := e.current
	switch {
	case is && was:
		t = watch.Modified
	case is:
		t = watch.Added
	case was:
		t = watch.Deleted
		o = e.lastState()
	default:
		return
	}
	w.inOrder(o, func() {
		if w.format.as != "" {
			w.sendObject(t, o, e.revision)
			return
		}
		w.send(t, o.meta, e.revision, e.frame(t, o, w.shape, w.format.encoding))
	})
}

// lastState is the state before the event under the event's revision.
func (e *event) lastState() *object {
	if e.deleted {
		return e.current
	}
	if e.left == nil {
		e.left = e.old.at(e.revision)
	}
	return e.left
}

func (w *watcher) sendObject(t watch.EventType, o *object, revision uint64) {
	body := o.body
	if w.format.as != "" {
		b, err := w.transformed(o)
		if err != nil {
			// The stream has begun: there is no way left to tell.
			w.end()
			return
		}
		w.send(t, o.meta, revision, frameBytes(t, b, w.format.encoding))
		return
	}
	w.send(t, o.meta, revision, frameBytes(t, body(w.shape, w.format.encoding), w.format.encoding))
}

func (w *watcher) send(t watch.EventType, m metav1.Object, revision uint64, data []byte) {
	if w.closed {
		return
	}
	w.call.w.Send(Frame{Type: string(t), ResourceVersion: revision, Namespace: m.GetNamespace(), Name: m.GetName(), Data: data})
}

// bookmark tells the client how far it has come.
func (w *watcher) bookmark(revision uint64, annotations map[string]string) {
	value := newBookmark(w.shape)
	m := metaOf(value)
	m.SetResourceVersion(formatRevision(revision))
	if len(annotations) > 0 {
		m.SetAnnotations(annotations)
	}
	o := &object{revision: revision, value: value, meta: m}
	w.inOrder(nil, func() { w.sendObject(watch.Bookmark, o, revision) })
}

// fail ends the stream with an ERROR event.
func (w *watcher) fail(err error) {
	if w.closed {
		return
	}
	w.call.w.Send(ErrorFrame(contentTypes[w.format.encoding], err))
	w.end()
}

// end closes the stream from the server's side.
func (w *watcher) end() {
	if w.closed {
		return
	}
	w.stop()
	w.call.w.Close()
}

// stop leaves the cache and drops all timers; nothing is sent any more.
func (w *watcher) stop() {
	if w.closed {
		return
	}
	w.closed = true
	w.cache.watchers = slices.DeleteFunc(w.cache.watchers, func(o *watcher) bool { return o == w })
	for _, name := range [...]string{"fresh", "timeout", "bookmark"} {
		if cancel := w.timers[name]; cancel != nil {
			cancel()
		}
	}
	w.timers = nil
}

// bookmarkBeforeEnd is how long before its timeout a watch gets a last bookmark.
const bookmarkBeforeEnd = 2 * time.Second

func (w *watcher) armTimeout(opts *internalversion.ListOptions) {
	clock := w.cache.server.config.Clock
	timeout := w.call.defaultTimeout()
	if opts.TimeoutSeconds != nil && *opts.TimeoutSeconds > 0 {
		timeout = time.Duration(*opts.TimeoutSeconds) * time.Second
	}
	w.timers["timeout"] = clock.AfterFunc(timeout, w.end)
	w.ends = clock.Now().Add(timeout)
}

// defaultTimeout spreads watches that name none between 30 and 60 minutes, so
// that they do not all come back at once.
func (c *call) defaultTimeout() time.Duration {
	if t := c.server.config.WatchTimeout; t > 0 {
		return t
	}
	h := c.server.hash("watch timeout", "", c.number)
	return 30*time.Minute + time.Duration(binary.LittleEndian.Uint32(h[:])%1800)*time.Second
}

// armBookmark schedules the next bookmark: one interval from now, or shortly
// before the end if that is sooner.
func (w *watcher) armBookmark() {
	clock := w.cache.server.config.Clock
	wait := w.cache.server.config.BookmarkInterval
	if last := w.ends.Add(-bookmarkBeforeEnd).Sub(clock.Now()); last < wait {
		wait = last
	}
	if wait <= 0 {
		return
	}
	w.timers["bookmark"] = clock.AfterFunc(wait, func() {
		if w.closed {
			return
		}
		if at := w.cache.revision(); at > w.started {
			w.bookmark(at, nil)
		}
		w.armBookmark()
	})
}
