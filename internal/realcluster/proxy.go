package realcluster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// proxy stands between one process and the API server: it records what passes,
// and does to it what the weather says.
type proxy struct {
	process  string
	standIn  bool
	upstream *url.URL
	// transport reaches the API server; a process's own token passes through.
	transport http.RoundTripper
	record    *recorder
	weather   *weather
	link      *link
	// kill ends the process at once, as the rule says.
	kill func(*faults.Rule)

	server   *http.Server
	listener net.Listener
}

const (
	headerTimeout = 10 * time.Second
	// deadConnection is after how long a silent connection is given up.
	deadConnection = 45 * time.Second
)

func (p *proxy) listen() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p.listener = listener
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: headerTimeout}
	go p.server.Serve(listener)
	return nil
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

// close ends the proxy and every connection to it, open watches included.
func (p *proxy) close() { p.server.Close() }

// ServeHTTP implements [http.Handler].
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	made := sim.CallOf(r, body)
	made.Process, made.User, made.StandIn = p.process, p.standIn, p.standIn
	call := p.record.begin(made)
	// Whatever happens from here, the client is told something or cut off.
	defer p.record.end(call, model.Unknown, 0, "", nil, "no answer reached the client")

	fate := p.weather.decide(call)
	if fate.Slowdown > 0 {
		pause(r.Context(), fate.Slowdown, nil)
	}
	if fate.Rule != nil && p.strikesBefore(w, r, call, fate) {
		return
	}
	p.link.wait(r.Context(), faults.ToServer)
	p.forward(w, r, body, call, fate)
}

// strikesBefore does what keeps a call from the server.
func (p *proxy) strikesBefore(w http.ResponseWriter, r *http.Request, call *model.Call, fate faults.Decision) bool {
	kind := fate.Rule.Kind
	if call.Verb == "watch" && (kind == faults.TimeoutApplied || kind == faults.TimeoutDropped) {
		kind = faults.GatewayTimeout // the time-out filter leaves long-running requests alone
	}
	switch kind {
	case faults.ConnectionRefused, faults.ConnectionReset:
		panic(http.ErrAbortHandler)
	case faults.BlackHole:
		pause(r.Context(), deadConnection, nil)
		panic(http.ErrAbortHandler)
	case faults.Hold:
		if fate.Rule.Direction != faults.FromServer {
			p.hold(fate.Rule)
		}
		return false
	case faults.Crash:
		if fate.Rule.When == faults.BeforeCall {
			p.kill(fate.Rule)
			panic(http.ErrAbortHandler)
		}
		return false
	case faults.TimeoutDropped:
		pause(r.Context(), fate.Delay, nil)
		p.answer(w, call, kind, fate.Rule)
	case faults.TooManyRequests, faults.InternalError, faults.ServiceUnavailable, faults.GatewayTimeout:
		p.answer(w, call, kind, fate.Rule)
	default:
		return false
	}
	return true
}

func (p *proxy) answer(w http.ResponseWriter, call *model.Call, kind faults.Kind, r *faults.Rule) {
	code, header, body := sim.FaultAnswer(kind, r)
	p.deliver(w, call, code, header, body)
}

func (p *proxy) deliver(w http.ResponseWriter, call *model.Call, code int, header http.Header, body []byte) {
	p.record.end(call, sim.Outcome(code), code, header.Get("Content-Type"), body, "")
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(code)
	w.Write(body)
}

// forward asks the server. Its answer is read whole before anything is decided
// about it, but for a watch's.
func (p *proxy) forward(w http.ResponseWriter, r *http.Request, body []byte, call *model.Call, fate faults.Decision) {
	// A client that gives up does not take back what it sent.
	ctx := context.WithoutCancel(r.Context())
	if call.Verb == "watch" {
		ctx = r.Context()
	}
	resp, err := p.transport.RoundTrip(p.request(ctx, r, body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	if call.Verb == "watch" && resp.StatusCode == http.StatusOK {
		p.stream(w, r, resp, call, fate)
		return
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		p.record.served(call, versionIn(resp.Header.Get("Content-Type"), answer))
	}
	if rule := fate.Rule; rule != nil && p.strikesAfter(w, r, call, fate) {
		return
	}
	p.link.wait(r.Context(), faults.FromServer)
	resp.Header.Del("Content-Length")
	p.deliver(w, call, resp.StatusCode, resp.Header, answer)
}

func (p *proxy) request(ctx context.Context, r *http.Request, body []byte) *http.Request {
	target := *r.URL
	target.Scheme, target.Host = p.upstream.Scheme, p.upstream.Host
	target.Path = p.upstream.Path + r.URL.Path
	out := r.Clone(ctx)
	out.URL, out.Host, out.RequestURI = &target, p.upstream.Host, ""
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	out.Header.Del("Accept-Encoding") // answers are read here
	return out
}

// hold waits until the window of a rule ends, whether or not the client does.
func (p *proxy) hold(r *faults.Rule) {
	pause(context.Background(), r.Until-p.record.now(), p.weather.clear)
}

// strikesAfter does what keeps an answer from the client.
func (p *proxy) strikesAfter(w http.ResponseWriter, r *http.Request, call *model.Call, fate faults.Decision) bool {
	switch {
	case fate.Rule.Kind == faults.TimeoutApplied:
		pause(r.Context(), fate.Delay, nil)
		p.answer(w, call, faults.TimeoutApplied, fate.Rule)
		return true
	case fate.Rule.Kind == faults.Hold && fate.Rule.Direction == faults.FromServer:
		p.hold(fate.Rule)
	case fate.Rule.Kind == faults.ResponseLost:
		pause(r.Context(), fate.Delay, nil)
		panic(http.ErrAbortHandler)
	case fate.Rule.Kind == faults.Crash:
		p.kill(fate.Rule)
		panic(http.ErrAbortHandler)
	}
	return false
}

// stream passes a watch on as it comes.
func (p *proxy) stream(w http.ResponseWriter, r *http.Request, resp *http.Response, call *model.Call, fate faults.Decision) {
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	flush := http.NewResponseController(w).Flush
	if flush() != nil {
		return
	}
	p.record.end(call, model.OK, resp.StatusCode, resp.Header.Get("Content-Type"), nil, "")
	if rule := fate.Rule; rule != nil && rule.Kind == faults.WatchClosed {
		timer := time.AfterFunc(fate.Delay, func() { resp.Body.Close() })
		defer timer.Stop()
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buffer)
		if n > 0 {
			p.link.wait(r.Context(), faults.FromServer)
			if _, err := w.Write(buffer[:n]); err != nil || flush() != nil {
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && fate.Rule == nil {
				panic(http.ErrAbortHandler) // the server went away in the middle
			}
			return
		}
	}
}
