package loopback

import (
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Host owns one simulated server and makes sure that calls into it happen one
// at a time. Its methods may be called concurrently.
type Host struct {
	mu     sync.Mutex
	server *apiserver.Server
	last   uint64 // number of the last request
}

// New makes a server on the clock of package time; config.Clock is ignored.
// Webhooks are called at loopback addresses unless config.CallWebhook says
// otherwise, and costly work of one request does not hold up the others. The
// error is that of [apiserver.New].
func New(config apiserver.Config) (*Host, error) {
	h := &Host{}
	h.mu.Lock()
	defer h.mu.Unlock()
	config.Clock = clock{h}
	config.Offload = h.offload
	if config.CallWebhook == nil {
		config.CallWebhook = h.callWebhook
	}
	server, err := apiserver.New(config)
	if err != nil {
		return nil, err
	}
	h.server = server
	return h, nil
}

// Do calls f with the server while nothing else does.
func (h *Host) Do(f func(*apiserver.Server)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h.server)
}

// handle passes a request on. The returned function takes the client away.
func (h *Host) handle(replica int, r *apiserver.Request, w apiserver.ResponseWriter) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	r.ID = h.last
	leave := h.server.Handle(replica, r, w)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		leave()
	}
}

// clock is the server's time: that of package time, with callbacks under the
// host's lock.
type clock struct{ host *Host }

func (c clock) Now() time.Time { return time.Now() }

func (c clock) AfterFunc(d time.Duration, f func()) (cancel func()) {
	cancelled := false
	t := time.AfterFunc(d, func() {
		c.host.mu.Lock()
		defer c.host.mu.Unlock()
		if !cancelled {
			f()
		}
	})
	// Called by the server, hence under the lock too.
	return func() {
		cancelled = true
		t.Stop()
	}
}
