package sim

import (
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: two runs have one hash only if all of their events are the same. Method: one
// event, changed field by field; a field that is added to Event has to be hashed, too.
func TestEveryFieldOfAnEventIsHashed(t *testing.T) {
	sum := func(at time.Duration, events ...Event) string {
		tr := newTrace(false)
		for _, e := range events {
			tr.add(at, e)
		}
		return tr.sum()
	}
	seen := map[string]string{sum(0): "no event", sum(0, Event{}): "an empty event", sum(1, Event{}): "another time", sum(0, Event{}, Event{}): "two"}
	fields := reflect.TypeFor[Event]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "Seq" || name == "At" {
			continue // given by the trace
		}
		var e Event
		switch field := reflect.ValueOf(&e).Elem().Field(i); field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Int:
			field.SetInt(1)
		case reflect.Uint64:
			field.SetUint(1)
		default:
			require.Fail(t, "this test does not know how to change a field", "%s %s", name, field.Kind())
		}
		hash := sum(0, e)
		assert.Empty(t, seen[hash], name)
		seen[hash] = name
	}
	assert.NotEqual(t, sum(0, Event{Process: "ab", Identity: "c"}), sum(0, Event{Process: "a", Identity: "bc"}), "fields have ends")
	assert.NotEqual(t, sum(0, Event{Type: "a"}, Event{Type: "b"}), sum(0, Event{Type: "b"}, Event{Type: "a"}), "order counts")
}

func TestABodyIsKnownByItsDigest(t *testing.T) {
	seen := map[uint64]string{}
	for _, body := range []string{"", "a", "b", "ab", "ba", "aa"} {
		assert.NotContains(t, seen, digest([]byte(body)))
		seen[digest([]byte(body))] = body
	}
}

// What client-go draws at random, and how far a client has come, is not what is asked for.
func TestASelectionLeavesOutWhatVaries(t *testing.T) {
	assert.Equal(t, "allowWatchBookmarks=true&labelSelector=app%3Dx", selectionOf(url.Values{
		"labelSelector": {"app=x"}, "allowWatchBookmarks": {"true"},
		"timeoutSeconds": {"431"}, "timeout": {"7m"}, "resourceVersion": {"17"}, "continue": {"abc"}, "watch": {"1"},
	}))
}
