//go:build !wasip1

package report_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: the page works for whoever opens it from disk: it draws, the violation
// is there to be seen and clicked, keys work, nothing is fetched, nothing goes
// wrong unseen, and thousands of events stay fluid.
//
// Method: headless Chromium, driven by chromedp. Without a Chromium these
// tests do not run, and say so. With SEATRIAL_SCREENSHOTS=DIR they leave
// pictures there for people to look at.

// browser is one page in Chromium, and what it complained of.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	fetched    []string
}

func open(t *testing.T, file string) *browser { return openAt(t, file, desktop) }

// size of a screen, in CSS pixels.
type size struct{ width, height int }

var desktop, phone = size{1600, 950}, size{390, 844}

func openAt(t *testing.T, file string, screen size) *browser {
	t.Helper()
	return openPage(t, file, screen, "#tabs button")
}

// openPage opens a page that is ready when an element is seen.
func openPage(t *testing.T, file string, screen size, ready string) *browser {
	t.Helper()
	program := chromium()
	if program == "" {
		t.Skip("NOT RUN: there is no Chromium in PATH; on Debian: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WindowSize(screen.width, screen.height), chromedp.UserDataDir(t.TempDir()))
	allocated, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closePage := chromedp.NewContext(allocated)
	t.Cleanup(closePage)
	b := &browser{t: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, b.listen))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
	require.NoError(t, err)
	if screen == phone {
		_, err = chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(screen.width), Height: int64(screen.height), DeviceScaleFactor: 2, Mobile: true})
		require.NoError(t, err)
	}
	b.run(chromedp.Navigate("file://"+file), chromedp.WaitVisible(chromedp.CSS(ready)))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		assert.Empty(t, b.complaints, "console errors")
		for _, url := range b.fetched {
			before, _, _ := strings.Cut(url, "#")
			page, _, _ := strings.Cut(file, "#")
			assert.Equal(t, "file://"+page, before, "the page needs nothing but itself")
		}
	})
	return b
}

// chromium is the program to run; empty when there is none.
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, argument := range e.Args {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s", e.Type, argument.Value))
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, fmt.Sprintf("%s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") {
			b.fetched = append(b.fetched, e.Request.URL)
		}
	}
}

// patience is how long one thing may take that a test does with the page.
const patience = 30 * time.Second

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, actions...))
}

// eval returns the value of a JavaScript expression.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return out
}

// settle waits until the page has slid to where it wants to be.
func (b *browser) settle() { b.run(chromedp.Sleep(600 * time.Millisecond)) }

func (b *browser) shoot(name string) {
	dir := os.Getenv("SEATRIAL_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}

// write puts the page of a run into a file.
func write(t *testing.T, d *report.Data) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	file, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, report.Write(file, d))
	require.NoError(t, file.Close())
	return path
}

func incident(t *testing.T) *report.Data {
	t.Helper()
	plan, ok := globalingressip.Find("incident-3336")
	require.True(t, ok)
	subject, ok := globalingressip.Registry().Find("historical/3336")
	require.True(t, ok)
	result := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{KeepTrace: true})
	d := report.Collect(result, subject)
	text, err := scenarios.Marshal(plan)
	require.NoError(t, err)
	d.Plan = string(text)
	return d
}

func TestTheViolationIsSeenAndClicked(t *testing.T) {
	d := incident(t)
	b := open(t, write(t, d))
	b.settle()
	b.shoot("whole")
	assert.Equal(t, "safety", eval[string](b, `document.getElementById('verdict').textContent`))
	assert.Contains(t, eval[string](b, `document.getElementById('message').textContent`), "was freed")
	assert.Greater(t, eval[int](b, coloursOnCanvas), 20, "something is drawn")

	b.run(chromedp.WaitVisible(chromedp.CSS("#violation")), chromedp.Click(chromedp.CSS("#violation")))
	b.settle()
	b.shoot("violation")
	panel := eval[string](b, `document.getElementById('panel').innerText`)
	assert.Contains(t, panel, "the violation")
	assert.Contains(t, panel, "globalingressips")
	assert.Contains(t, panel, "- status.allocatedIP", "what the commit changed")
	assert.Less(t, eval[float64](b, `view.until - view.from`), float64(30*time.Second), "it is zoomed to the moment")
	places := eval[[]float64](b, `why.steps.map(s => x(s.at))`)
	require.Len(t, places, 4)
	for i, place := range places {
		assert.Greater(t, place, eval[float64](b, `gutter`), "step %d is in view", i+1)
		assert.Less(t, place, eval[float64](b, `canvas.clientWidth`), "step %d is in view", i+1)
		if i > 0 {
			assert.Greater(t, place-places[i-1], 20.0, "steps %d and %d do not share a place", i, i+1)
		}
	}
	red := eval[bool](b, `(() => { const g = canvas.getContext('2d'), r = devicePixelRatio, p = g.getImageData(Math.round(x(culpritAt) * r) - 2, Math.round(60 * r), 5, 40).data;
		for (let i = 0; i < p.length; i += 4) if (p[i] > 180 && p[i + 1] < 120 && p[i + 2] < 120) return true; return false; })()`)
	assert.True(t, red, "a red line marks it")

	// The event is in the list, too, and a click there selects it.
	b.run(chromedp.KeyEvent("e"), chromedp.WaitVisible(chromedp.CSS(".rows .row.bad")), chromedp.Click(chromedp.CSS(".rows .row.bad")))
	assert.Contains(t, eval[string](b, `document.querySelector('#tabs [aria-selected=true]').textContent`), "Selected")
}

const coloursOnCanvas = `(() => { const p = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data, seen = new Set();
	for (let i = 0; i < p.length; i += 28) seen.add(p[i] << 16 | p[i + 1] << 8 | p[i + 2]); return seen.size; })()`

func TestAClickOnACallShowsRequestAndResponse(t *testing.T) {
	b := open(t, write(t, incident(t)))
	b.settle()
	at := eval[[]float64](b, `(() => { const lane = lanes.find(l => l.kind === 'actor' && l.label === 'user'), c = lane.calls.find(c => c.call.verb === 'create'), box = canvas.getBoundingClientRect();
		return [box.left + x(c.at) + 1, box.top + axisHeight + lane.top - scroller.scrollTop + middle(lane, c)]; })()`)
	b.run(chromedp.MouseClickXY(at[0], at[1]))
	panel := eval[string](b, `document.getElementById('panel').innerText`)
	assert.Contains(t, panel, "create services")
	assert.Contains(t, panel, "REQUEST")
	assert.Contains(t, panel, `"kind": "Service"`)
	b.shoot("call")
}

func TestKeysSearchAndThemes(t *testing.T) {
	b := open(t, write(t, incident(t)))
	theme := `document.documentElement.dataset.theme`
	before := eval[string](b, theme)
	b.run(chromedp.Focus(chromedp.CSS("#scroll")), chromedp.KeyEvent("t"))
	assert.NotEqual(t, before, eval[string](b, theme))
	b.settle()
	b.shoot("dark")

	span := `view.until - view.from`
	whole := eval[float64](b, span)
	b.run(chromedp.KeyEvent("+"))
	assert.Less(t, eval[float64](b, span), whole)
	from := eval[float64](b, `view.from`)
	b.run(chromedp.KeyEvent(kb.ArrowRight))
	assert.Greater(t, eval[float64](b, `view.from`), from)
	b.run(chromedp.KeyEvent("0"))
	b.settle()
	assert.InDelta(t, whole, eval[float64](b, span), whole/50)

	b.run(chromedp.KeyEvent("/"))
	assert.Equal(t, "search", eval[string](b, `document.activeElement.id`))
	// A key pressed by a program types its character all the same.
	eval[bool](b, `search.value = '', true`)
	b.run(chromedp.SendKeys(chromedp.CSS("#search"), "service-unavailable"))
	found := eval[string](b, `document.getElementById('matches').textContent`)
	assert.Regexp(t, `^[1-9]\d* found$`, found)
	b.run(chromedp.SendKeys(chromedp.CSS("#search"), kb.Enter))
	assert.Contains(t, eval[string](b, `describe(view.selected)`), "service-unavailable")
	b.shoot("search")
	b.run(chromedp.SendKeys(chromedp.CSS("#search"), kb.Escape), chromedp.KeyEvent("v"))
	b.settle()
	b.shoot("dark-violation")
	b.run(chromedp.KeyEvent("?"), chromedp.WaitVisible(chromedp.CSS("#keys")))
	for _, tab := range []string{"Events", "Log", "Plan", "Laws"} {
		eval[bool](b, `document.getElementById('keys').close(), openPane('`+tab+`'), true`)
		assert.NotEmpty(t, strings.TrimSpace(eval[string](b, `document.getElementById('panel').innerText`)), tab)
		b.shoot("tab-" + tab)
	}
}

// A worker that died leaves neither calls nor events; its page still opens.
func TestAPageWithoutATrace(t *testing.T) {
	b := open(t, write(t, &report.Data{
		About: report.About{Subject: "test/dies", Verdict: "crash", Property: "no-panic", Message: "panic: </script><b>x"},
		Plan:  "kind: Scenario\n", Detail: "goroutine 1 [running]:\n",
	}))
	assert.Equal(t, "panic: </script><b>x", eval[string](b, `document.getElementById('message').textContent`))
	eval[bool](b, `openPane('Stacks'), true`)
	assert.Contains(t, eval[string](b, `document.getElementById('panel').innerText`), "goroutine 1")
}

// The pictures of docs/use/report.md; make screenshots keeps them.
func TestTheDocumentationsPictures(t *testing.T) {
	b := open(t, write(t, incident(t)))
	eval[bool](b, `setTheme('light'), true`)
	b.settle()
	assert.Positive(t, eval[int](b, `document.querySelectorAll('#strip li').length`))
	b.shoot("report")
	b.run(chromedp.KeyEvent("v"))
	b.settle()
	assert.Equal(t, "commit", eval[string](b, `view.selected.type`))
	b.shoot("report-violation")
}
