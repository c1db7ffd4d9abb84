package corpus

import (
	"fmt"
	"slices"
	"sort"
)

// Diff lists the differences between two answers, each with its path.
func Diff(want, got *Response) []string {
	d := &differences{}
	if want.Status != got.Status {
		d.add("status: want %d got %d", want.Status, got.Status)
	}
	for _, h := range slices.Concat(recordedHeaders, presentHeaders) {
		if want.Headers[h] != got.Headers[h] {
			d.add("header %s: want %q got %q", h, want.Headers[h], got.Headers[h])
		}
	}
	if want.Text != got.Text {
		d.add("text: want %q got %q", cut(want.Text, maxShown), cut(got.Text, maxShown))
	}
	d.values("body", want.Body, got.Body)
	if len(want.Events) != len(got.Events) {
		d.add("events: want %d got %d", len(want.Events), len(got.Events))
	}
	for i := range min(len(want.Events), len(got.Events)) {
		d.values(fmt.Sprintf("events[%d]", i), want.Events[i], got.Events[i])
	}
	if want.Closed != got.Closed {
		d.add("closed: want %v got %v", want.Closed, got.Closed)
	}
	return d.lines
}

// maxShown is how much of a differing value is printed.
const maxShown = 300

type differences struct{ lines []string }

func (d *differences) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *differences) values(path string, want, got any) {
	wantMap, ok1 := want.(map[string]any)
	gotMap, ok2 := got.(map[string]any)
	if ok1 && ok2 {
		d.maps(path, wantMap, gotMap)
		return
	}
	wantList, ok1 := want.([]any)
	gotList, ok2 := got.([]any)
	if ok1 && ok2 {
		if len(wantList) != len(gotList) {
			d.add("%s: want %d items got %d", path, len(wantList), len(gotList))
		}
		for i := range min(len(wantList), len(gotList)) {
			d.values(fmt.Sprintf("%s[%d]", path, i), wantList[i], gotList[i])
		}
		return
	}
	if w, g := compact(want), compact(got); w != g {
		d.add("%s: want %s got %s", path, cut(w, maxShown), cut(g, maxShown))
	}
}

func (d *differences) maps(path string, want, got map[string]any) {
	all := sortedKeys(want)
	for _, k := range sortedKeys(got) {
		if _, ok := want[k]; !ok {
			all = append(all, k)
		}
	}
	sort.Strings(all)
	for _, k := range all {
		w, wanted := want[k]
		g, given := got[k]
		switch {
		case !wanted:
			d.add("%s.%s: unexpected %s", path, k, cut(compact(g), maxShown))
		case !given:
			d.add("%s.%s: missing, want %s", path, k, cut(compact(w), maxShown))
		default:
			d.values(path+"."+k, w, g)
		}
	}
}
