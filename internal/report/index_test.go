//go:build !wasip1

package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/report"
)

// Goal: of many failures the one that is looked for is found, its command copied, and
// how it came and went seen. Method: a page with three groups in headless Chromium, as in
// browser_test.go.

func index() report.Index {
	shares := []report.Share{{Night: "mon", Failed: 0, Runs: 100}, {Night: "tue", Failed: 2, Runs: 100}, {Night: "wed", Failed: 4, Runs: 100}}
	failure := func(seed uint64, message string) report.Case {
		return report.Case{Scenario: "storm", Message: message, Reproduced: "3/3", Seed: seed, Folder: fmt.Sprintf("storm-seed-%d", seed), Replay: fmt.Sprintf("seatrial replay out/storm-seed-%d", seed)}
	}
	return report.Index{
		Title: "seatrial: the failures of a sweep", Remarks: []string{"seeds 1-100, of site: 100 runs, 0 missing"},
		Verdicts: []report.Count{{Name: "runs", Times: 100}, {Name: "pass", Times: 95}, {Name: "safety", Times: 4}, {Name: "liveness", Times: 1}},
		Nights:   []report.Night{{Name: "mon", Runs: 100}, {Name: "tue", Runs: 100, Failures: 2, Covered: 80}, {Name: "wed", Runs: 100, Failures: 5, Covered: 90}},
		Likely:   []report.Likely{{Subject: "site", Property: "no-free", Shares: shares}},
		Groups: []report.Group{
			{Verdict: "safety", Subject: "site", Property: "no-free", Name: "no-free: controller update services: * was freed", Times: 4, Standing: "still there", Since: "tue", Shares: shares,
				Replay: "seatrial replay out/storm-seed-3", Causes: []report.Cause{
					{Text: "one crash", Plan: "faults:\n- {kind: crash}", Failures: []report.Case{failure(3, "10.0.0.1 was freed"), failure(9, "<img src=x onerror=document.title='taken'>")}},
					{Failures: []report.Case{failure(12, "10.0.0.2 was freed"), failure(40, "10.0.0.7 was freed")}}}},
			{Verdict: "liveness", Subject: "site", Property: "converges", Name: "converges: * has none", Times: 1, Standing: "new", Since: "wed", Replay: "seatrial replay out/storm-seed-7",
				Causes: []report.Cause{{Failures: []report.Case{failure(7, "shop/api has none")}}}},
			{Verdict: "crash", Subject: "site", Property: "no-panic", Name: "no-panic", Times: 1, Standing: "gone", Since: "wed",
				Causes: []report.Cause{{Failures: []report.Case{failure(1, "panic: index out of range")}}}},
		},
	}
}

func writeIndex(t *testing.T, i report.Index) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, report.WriteIndex(&page, i))
	file := filepath.Join(t.TempDir(), "index.html")
	require.NoError(t, os.WriteFile(file, page.Bytes(), 0o644))
	return file
}

func TestTheIndexFindsAndCopies(t *testing.T) {
	file := writeIndex(t, index())
	b := openPage(t, file, desktop, "#filter")
	seen := func() []string {
		return eval[[]string](b, `[...document.querySelectorAll('tr.case')].filter(r => r.offsetParent).map(r => r.cells[0].textContent)`)
	}
	assert.Equal(t, []string{"3", "9", "12", "40", "7", "1"}, seen())
	b.shoot("index")
	b.run(chromedp.KeyEvent("/"))
	assert.Equal(t, "filter", eval[string](b, `document.activeElement.id`))
	eval[bool](b, `filter.value = '', true`) // a key pressed by a program types its character all the same
	b.run(chromedp.SendKeys(chromedp.CSS("#filter"), "was freed 10.0.0.7"))
	assert.Equal(t, []string{"40"}, seen(), "all words count, those of the group as well")
	assert.Equal(t, "1 of 6", eval[string](b, `found.textContent`))
	assert.Equal(t, 1, eval[int](b, `sections.filter(s => s.offsetParent).length`))

	address := eval[string](b, `location.hash`)
	eval[bool](b, `filter.value = '', show(), true`)
	b.run(chromedp.Click(chromedp.CSS(`.tools [data-choice="gone"]`)))
	assert.Equal(t, []string{"1"}, seen())
	toggle := func(kind string) {
		eval[bool](b, fmt.Sprintf(`document.querySelector('.tools [data-choice="%s"]').click(), true`, kind))
	}
	toggle("liveness")
	assert.Equal(t, []string{"7", "1"}, seen(), "kinds that are chosen add up")
	toggle("gone")
	toggle("liveness")

	eval[bool](b, `document.addEventListener('copy', () => { window.copied = document.activeElement.value; }), Object.defineProperty(navigator, 'clipboard', { value: undefined }), true`)
	eval[bool](b, `document.querySelector('.command button').focus(), document.querySelector('.command button').click(), true`)
	b.settle()
	assert.Equal(t, "seatrial replay out/storm-seed-3", eval[string](b, `window.copied`))
	assert.NotEqual(t, "taken", eval[string](b, `document.title`))
	assert.Equal(t, 2, eval[int](b, `document.querySelectorAll('svg.spark').length`), "one night is no line")
	assert.Equal(t, "0.0,19.0 50.0,10.0 100.0,1.0", eval[string](b, `document.querySelector('.spark polyline').getAttribute('points')`))

	other := openPage(t, file+address, desktop, "#filter")
	assert.Equal(t, "was freed 10.0.0.7", eval[string](other, `filter.value`), "the address holds what is looked for")
	assert.Equal(t, "1 of 6", eval[string](other, `found.textContent`))
}

func TestTheIndexCanBeRead(t *testing.T) {
	file := writeIndex(t, index())
	for name, screen := range map[string]size{"desktop": desktop, "phone": phone} {
		b := openPage(t, file, screen, "#filter")
		for _, theme := range []string{"light", "dark"} {
			eval[bool](b, fmt.Sprintf(`document.documentElement.dataset.theme = %q, true`, theme))
			assert.Empty(t, eval[[]string](b, tooFaint), "%s, %s", name, theme)
			b.shoot("index-" + name + "-" + theme)
		}
		assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), screen.width, "%s: nothing sticks out", name)
		assert.Empty(t, eval[[]string](b, `[...document.querySelectorAll('button, input, a[href]')].filter(e => e.offsetParent && !(e.textContent.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML)`), "each control has a name")
	}
}
