package realcluster

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
)

// A consumer may be shown a change before the observer hears of it: the change came
// first all the same.
func TestAChangeIsNotLaterThanItsEvent(t *testing.T) {
	r := newRecorder(clock{})
	call := r.begin(model.Call{Verb: "watch", User: true})
	const lines = `{"type":"ADDED","object":{"metadata":{"namespace":"shop","name":"web","resourceVersion":"7"}}}
{"type":"MODIFIED","object":{"metadata":{"namespace":"shop","name":"web","resourceVersion":"9"}}}
`
	_, err := io.Copy(io.Discard, &tap{ReadCloser: io.NopCloser(strings.NewReader(lines)), frame: r.watch(call)})
	require.NoError(t, err)
	r.commit(model.Commit{Revision: 7})
	r.commit(model.Commit{Revision: 9})
	r.commit(model.Commit{Revision: 10})

	h := r.history()
	require.Len(t, h.Watches[0].Frames, 2)
	assert.Equal(t, "web", h.Watches[0].Frames[1].Name)
	assert.Equal(t, uint64(9), h.Watches[0].Frames[1].Revision)
	for i, frame := range h.Watches[0].Frames {
		assert.Less(t, h.Commits[i].Seq, frame.Seq)
	}
	assert.Greater(t, h.Commits[2].Seq, h.Watches[0].Frames[1].Seq)
}
