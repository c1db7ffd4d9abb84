//go:build !wasip1

package report_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: on paper there is all that the screen shows of a failure, and nothing that can
// only be clicked; ink is dark, whatever the theme was.
//
// Method: Chromium prints the page to PDF, from the dark theme, and then shows it as it
// would print it: what is cut off, hidden or faint is looked for there.
func TestOnPaper(t *testing.T) {
	b := openAt(t, write(t, incident(t)), desktop)
	eval[bool](b, `setTheme('dark'), goToViolation(), true`)
	b.settle()
	background := true
	pdf, err := chromedp.Call(b.ctx, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: &background})
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(pdf.Data, []byte("%PDF-")), "%.20q", pdf.Data)
	pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf.Data, -1))
	assert.True(t, pages >= 1 && pages <= 6, "%d pages: the picture and its details, and no empty ones", pages)

	_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	require.NoError(t, err)
	b.settle()
	assert.Equal(t, "light", eval[string](b, `document.documentElement.dataset.theme`))
	assert.Empty(t, eval[[]string](b, tooFaint))
	assert.Empty(t, eval[[]string](b, `[...document.querySelectorAll('.headline button, .headline input, #tabs, #violation, .pin')].filter(e => e.offsetParent).map(e => e.outerHTML)`), "what can only be clicked")
	for _, part := range []string{"#message", "#sentence", "#strip", "#timeline", "#legend", "#panel"} {
		assert.True(t, eval[bool](b, `document.querySelector('`+part+`').getClientRects().length > 0`), part)
	}
	assert.Empty(t, eval[[]string](b, `[...document.querySelectorAll('#sentence, #strip .what, #panel, #panel pre, #legend')].filter(e => e.scrollHeight > e.clientHeight + 2 && getComputedStyle(e).overflowY !== 'visible').map(e => e.outerHTML.slice(0, 80))`), "what is cut off")
}
