//go:build !wasip1

package report_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: what one person sees another can be sent: selection, pins and window are in the
// address. What was caused by what is to be followed, what is long or hostile is shown
// as what it is, and two runs are compared in one picture.
// Method: headless Chromium, as in browser_test.go.

func TestTheAddressHoldsWhatIsSeen(t *testing.T) {
	file := write(t, incident(t))
	b := open(t, file)
	b.settle()
	b.run(chromedp.KeyEvent("v"))
	b.settle()
	b.run(chromedp.KeyEvent("m"), chromedp.Click(chromedp.CSS("#strip li:first-child button")))
	b.settle()
	address := eval[string](b, `location.hash`)
	assert.Regexp(t, `^#s=e\d+&p=e\d+&w=\d+-\d+$`, address)
	from, selected := eval[float64](b, `view.from`), eval[string](b, `describe(view.selected)`)
	assert.Contains(t, eval[string](b, `document.getElementById('panel').innerText`), "PINNED")
	b.shoot("pinned")

	other := open(t, file+address)
	other.settle()
	assert.Equal(t, selected, eval[string](other, `describe(view.selected)`))
	assert.InDelta(t, from, eval[float64](other, `view.from`), 1e3)
	assert.Equal(t, 1, eval[int](other, `view.pins.size`))
}

// A call says what its process had been handed, and calls that follow from one another
// are a reconcile.
func TestReasonsAreFollowed(t *testing.T) {
	b := open(t, write(t, incident(t)))
	b.run(chromedp.Click(chromedp.CSS("#strip li:nth-child(3) button")))
	b.settle()
	panel := eval[string](b, `document.getElementById('panel').innerText`)
	assert.Contains(t, panel, "update globalingressips/status shop/api")
	assert.Contains(t, panel, "BECAUSE OF")
	b.run(chromedp.Click(chromedp.CSS(`#panel .links button`)))
	assert.NotContains(t, eval[string](b, `document.getElementById('panel').innerText`), "update globalingressips/status shop/api (", "the link leads elsewhere")

	assert.NotZero(t, eval[int](b, `lanes.find(l => l.kind === 'work').work.filter(t => t.work.key === 'shop/api').length`))
	eval[bool](b, `select(lanes.find(l => l.kind === 'work').work.find(t => t.work.calls.length > 2), true), true`)
	assert.Contains(t, eval[string](b, `document.getElementById('panel').innerText`), "calls of controller that follow from one another")
}

func TestWhatNobodyLooksForIsLeftOut(t *testing.T) {
	b := open(t, write(t, incident(t)))
	labels := eval[[]string](b, `lanes.filter(l => l.kind === 'object').map(l => l.label)`)
	assert.NotEmpty(t, labels)
	for _, label := range labels {
		assert.NotContains(t, label, "customresourcedefinitions")
		assert.NotContains(t, label, "kube-root-ca")
	}
	generated := eval[string](b, `lanes.find(l => l.kind === 'object' && l.label.includes('submariner-')).of`)
	assert.Contains(t, []string{"shop/api", "shop/web"}, generated, "a generated name is told by its owner")
	marks := eval[string](b, `document.getElementById('legend').innerText`)
	for _, want := range []string{"answered", "failed", "outcome unknown", "no answer", "watch event", "by a user", "reconcile", "it strikes", "killed", "starts", "law broken", "IP with two owners", "event of the strip"} {
		assert.Contains(t, marks, want)
	}
}

// Two runs, with and without the fault that the story blames, in one picture.
func TestTwoRunsInOnePicture(t *testing.T) {
	d := incident(t)
	plan, _ := globalingressip.Find("incident-3336")
	subject, _ := globalingressip.Registry().Find("historical/3336")
	plan.Faults = slices.DeleteFunc(slices.Clone(plan.Faults), func(r faults.Rule) bool { return r.ID == "look-up-fails" })
	other := report.Collect(scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{KeepTrace: true}), subject)
	require.Equal(t, "pass", other.About.Verdict)
	report.Compare(d, other, "without look-up-fails")

	require.NotZero(t, d.Beside.Differs)
	assert.Equal(t, d.Trace[:d.Beside.Differs-1], other.Trace[:d.Beside.Differs-1])
	assert.NotEqual(t, d.Trace[d.Beside.Differs-1], other.Trace[d.Beside.Differs-1])
	assert.Contains(t, d.Trace[d.Beside.Differs-1], "service-unavailable look-up-fails", "what was left out makes the difference")
	assert.InDelta(t, 62, d.Beside.At.Seconds(), 1)

	b := open(t, write(t, d))
	b.run(chromedp.KeyEvent("v"))
	b.settle()
	b.shoot("beside")
	headings := eval[string](b, `lanes.filter(l => l.kind === 'heading').map(l => l.label).join()`)
	assert.Contains(t, headings, "The other run: without look-up-fails. pass")
	assert.Equal(t, len(other.Calls), eval[int](b, `data.calls.filter(c => c.beside).length`))
	eval[bool](b, `select(things.find(t => t.type === 'call' && t.call.beside && t.call.verb === 'update'), true), true`)
	assert.Contains(t, eval[string](b, `document.getElementById('panel').innerText`), "controller ′")
}

// Names of 253 characters, from right to left, and markup in any field are text.
func TestHostileNamesAreText(t *testing.T) {
	long := "a" + strings.Repeat("-long", 50) + "-z1"
	hostile := `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`
	d := &report.Data{
		About:  report.About{Subject: hostile, Scenario: hostile, Verdict: "safety", Property: hostile, Message: "שלום " + hostile, Ended: time.Minute, Culprit: &report.Culprit{Seq: 3, At: time.Second, Text: hostile}},
		Actors: []report.Actor{{Name: hostile, Lives: []report.Life{{Number: 1, Until: time.Minute}}}},
		Calls:  []report.Call{{ID: 1, Actor: hostile, Life: 1, Verb: "update", Resource: "services", Object: "shop/" + long, Seq: 1, From: time.Second, Until: 2 * time.Second, Outcome: "ok", Request: 1, Query: "%zz=" + hostile}},
		Commits: []report.Commit{{Seq: 3, Revision: 1, At: time.Second, Call: 1, Actor: hostile, Resource: "services", Object: "shop/" + long, New: 1},
			{Seq: 4, Revision: 2, At: 2 * time.Second, Call: 1, Actor: hostile, Resource: "services", Object: "خدمة/العربية", New: 1}},
		Bodies: []string{`{"a": "` + strings.ReplaceAll(hostile, `"`, `\"`) + `"}`},
		Log:    []report.Line{{At: time.Second, Actor: hostile, Text: hostile}},
		Why:    explain.Story{Sentence: hostile, Steps: []explain.Step{{Kind: explain.Change, Seq: 1, Text: hostile}, {Kind: explain.Broken, Seq: 3, At: time.Second, Text: "العربية " + hostile}}},
		Laws:   []report.Law{{Name: hostile, Status: "violated", Message: hostile}},
		Plan:   hostile, Detail: hostile, Trace: []string{hostile},
	}
	b := open(t, write(t, d))
	for _, pane := range []string{"Selected", "Events", "Log", "Plan", "Laws", "Stacks"} {
		eval[bool](b, fmt.Sprintf(`openPane(%q), true`, pane))
	}
	for i := range eval[int](b, `things.length`) {
		eval[bool](b, fmt.Sprintf(`select(things[%d], true), true`, i))
	}
	b.settle()
	b.shoot("hostile")
	assert.NotEqual(t, "taken", eval[string](b, `document.title`))
	assert.Zero(t, eval[int](b, `document.querySelectorAll('img').length`))
	label := eval[string](b, `(() => { const g = canvas.getContext('2d'); g.font = '11px sans-serif'; return elide(g, lanes.find(l => l.kind === 'object' && l.label.includes('-long')).label, 150); })()`)
	assert.Contains(t, label, "…")
	assert.Contains(t, label, "-z1", "the end of a long name is what tells it from others")
	assert.True(t, strings.HasPrefix(label, "\u2068") && strings.HasSuffix(label, "\u2069"), "it does not turn what is around it")
}

// TestLargePages measures size and times. What a busy machine does to them is taken
// out by a loop whose time on an idle one is known.
func TestLargePages(t *testing.T) {
	for _, n := range []int{1000, 5000, 20_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			file := write(t, large(t, n))
			info, err := os.Stat(file)
			require.NoError(t, err)
			b := open(t, file)
			b.settle()
			// The fastest of many tells what it costs; the others, how busy the machine is.
			fastest := func(times int, what string) float64 {
				return eval[float64](b, fmt.Sprintf(`(() => { let best = Infinity; for (let i = 0; i < %d; i++) { const begin = performance.now(); %s; best = Math.min(best, performance.now() - begin); } return best; })()`, times, what))
			}
			busy := max(1, fastest(5, `let s = 0; for (let k = 0; k < 2e7; k++) s = (Math.imul(s, 31) + k) | 0; if (s === 1) throw s`)/idleLoop)
			paint := eval[float64](b, `performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)[0] || 0`)
			ready := eval[float64](b, `performance.getEntriesByName('seatrial-ready')[0].startTime`)
			frame := fastest(30, `zoomTo(0, endOfTime * (1 - (i % 8) / 80)); draw()`)
			find := fastest(100, `thingAt(300 + i * 5, 200)`)
			t.Logf("%d events: %d kB, first paint %.0f ms, ready %.0f ms, a frame %.1f ms, a search %.2f ms, machine %.1f times as slow as an idle one", n, info.Size()/1000, paint, ready, frame, find, busy)
			assert.Less(t, frame/busy, 50.0, "milliseconds for a frame")
			assert.Less(t, find/busy, 10.0, "milliseconds to find what the mouse points at")
			b.shoot(fmt.Sprintf("events-%d", n))
		})
	}
}

// idleLoop is what the loop of TestLargePages takes where nothing else runs.
const idleLoop = 25.0

// large is a page with that many calls, watch events and commits.
func large(t *testing.T, n int) *report.Data {
	d := incident(t)
	calls, frames, commits := d.Calls, d.Frames, d.Commits
	for i := 0; len(d.Calls)+len(d.Frames)+len(d.Commits) < n; i++ {
		id, at := uint64(100_000+i), time.Duration(i)*(d.About.Ended/time.Duration(n))
		switch i % 5 {
		case 0:
			f := frames[i%len(frames)]
			f.Seq, f.At = id, at
			d.Frames = append(d.Frames, f)
		case 1:
			c := commits[i%len(commits)]
			c.Seq, c.At, c.Revision = id, at, id
			d.Commits = append(d.Commits, c)
		default:
			c := calls[i%len(calls)]
			c.ID, c.Seq, c.From, c.Until = id, id, at, at+30*time.Millisecond
			if i%50 != 0 && c.Verb == "watch" {
				c.Verb = "get"
			}
			d.Calls = append(d.Calls, c)
		}
		d.Trace = append(d.Trace, fmt.Sprintf("%6d %12s sent        controller-1  get services shop/api #%d", len(d.Trace)+1, at, i))
	}
	return d
}
