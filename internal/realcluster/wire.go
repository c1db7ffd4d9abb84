package realcluster

import (
	"bytes"
	"io"
	"net/http"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// wire records what a user asks of the API server. Faults do not concern users.
type wire struct {
	inner  http.RoundTripper
	user   string
	record *recorder
}

// RoundTrip implements [http.RoundTripper].
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	made := sim.CallOf(r, body)
	made.Process, made.User = w.user, true
	call := w.record.begin(made)
	resp, err := w.inner.RoundTrip(r)
	if err != nil {
		w.record.end(call, model.Unknown, 0, "", nil, err.Error())
		return nil, err
	}
	mediaType := resp.Header.Get("Content-Type")
	if made.Verb == "watch" && resp.StatusCode == http.StatusOK {
		w.record.end(call, model.OK, resp.StatusCode, mediaType, nil, "")
		resp.Body = &tap{ReadCloser: resp.Body, frame: w.record.watch(call)}
		return resp, nil
	}
	answer, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		w.record.end(call, model.Unknown, 0, "", nil, err.Error())
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	if resp.StatusCode < http.StatusMultipleChoices {
		w.record.served(call, versionIn(mediaType, answer))
	}
	w.record.end(call, sim.Outcome(resp.StatusCode), resp.StatusCode, mediaType, answer, "")
	return resp, nil
}
