//go:build !wasip1

package report_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: whoever looks at a page can read it and use it: large and small screens, light
// and dark, with a keyboard alone, with colours that mean one thing each.
// Method: headless Chromium works out the contrast of all text that is to be seen, as
// WCAG 2.2 defines it; the picture's colours are compared as CIE Lab does.

// tooFaint lists texts whose contrast with what is behind them is below AA: 4.5, or 3
// for large ones.
const tooFaint = `(() => {
	const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 }; };
	const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1 });
	const light = c => { const l = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }; return .2126 * l(c.r) + .7152 * l(c.g) + .0722 * l(c.b); };
	const behind = e => { const stack = []; for (; e; e = e.parentElement) stack.push(parse(getComputedStyle(e).backgroundColor.replace(/^color\(srgb (\S+) (\S+) (\S+)(?: \/ (\S+))?\)$/, (_, r, g, b, a) => [r * 255, g * 255, b * 255, a || 1].join(' ')))); return stack.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 }); };
	const bad = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
		if (!text || !e.offsetParent || /SCRIPT|STYLE/.test(e.tagName)) continue;
		const style = getComputedStyle(e), back = behind(e), front = over(parse(style.color), back), size = parseFloat(style.fontSize);
		const [a, b] = [light(front), light(back)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
		if (ratio < (size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5)) bad.push(ratio.toFixed(2) + ' ' + e.tagName + '.' + e.className + ': ' + text.slice(0, 40));
	}
	return bad;
})()`

func TestAllTextCanBeRead(t *testing.T) {
	file := write(t, incident(t))
	for name, screen := range map[string]size{"desktop": desktop, "phone": phone} {
		t.Run(name, func(t *testing.T) {
			b := openAt(t, file, screen)
			for _, theme := range []string{"light", "dark"} {
				eval[bool](b, fmt.Sprintf(`setTheme(%q), goToViolation(), true`, theme))
				b.settle()
				for _, pane := range []string{"Selected", "Events", "Log", "Plan", "Laws"} {
					eval[bool](b, fmt.Sprintf(`openPane(%q), true`, pane))
					assert.Empty(t, eval[[]string](b, tooFaint), "%s, %s", theme, pane)
				}
				eval[bool](b, `scrollTo(0, 0), openPane('Selected'), true`)
				b.shoot(name + "-" + theme)
			}
		})
	}
}

// What outcomes, faults and owners of IPs look like is told apart by colour, so no
// colour of one may be near a colour of another.
func TestPalettesDoNotMeet(t *testing.T) {
	style, err := os.ReadFile("assets/style.css")
	require.NoError(t, err)
	groups := map[string][]string{
		"outcomes": {"ok", "failed", "unknown", "open", "bad"},
		"faults":   {"storm", "cut", "slow", "death", "watch"},
		"owners":   {"own-0", "own-1", "own-2", "own-3", "own-4", "own-5", "own-6", "own-7"},
	}
	themes := regexp.MustCompile(`(?s):root(\[data-theme=dark\])? \{.*?\n\}`).FindAllString(string(style), 2)
	require.Len(t, themes, 2)
	for _, theme := range themes {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([\w-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(theme, -1) {
			colours[m[1]] = m[2]
		}
		for one, names := range groups {
			for other, others := range groups {
				for _, a := range names {
					for _, b := range others {
						if one != other {
							assert.Greater(t, difference(t, colours[a], colours[b]), 15.0, "%s %s and %s %s", one, a, other, b)
						}
					}
				}
			}
		}
	}
}

// difference of two colours is their distance in CIE Lab; one that is barely seen is 2.3.
func difference(t *testing.T, a, b string) float64 {
	p, q := lab(t, a), lab(t, b)
	return math.Sqrt((p[0]-q[0])*(p[0]-q[0]) + (p[1]-q[1])*(p[1]-q[1]) + (p[2]-q[2])*(p[2]-q[2]))
}

func lab(t *testing.T, hex string) [3]float64 {
	require.Len(t, hex, 7, "a colour of the palette")
	var linear [3]float64
	for i := range linear {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		require.NoError(t, err)
		if c := float64(n) / 255; c <= 0.04045 {
			linear[i] = c / 12.92
		} else {
			linear[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	r, g, b := linear[0], linear[1], linear[2]
	f := func(v float64) float64 {
		if v > 0.008856 {
			return math.Cbrt(v)
		}
		return 7.787*v + 16.0/116
	}
	x, y, z := f((0.4124*r+0.3576*g+0.1805*b)/0.95047), f(0.2126*r+0.7152*g+0.0722*b), f((0.0193*r+0.1192*g+0.9505*b)/1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// Everything is reached with Tab alone, and what is reached shows it.
func TestAKeyboardIsEnough(t *testing.T) {
	b := open(t, write(t, incident(t)))
	reached := map[string]bool{}
	for range 40 {
		b.run(chromedp.KeyEvent(kb.Tab))
		reached[eval[string](b, `(() => { const e = document.activeElement; return e.id || (e.closest('#strip') ? 'step' : e.closest('#tabs') ? 'tab' : e.closest('#legend') ? 'legend' : e.tagName); })()`)] = true
		if reached["panel"] {
			break
		}
	}
	for _, want := range []string{"jump", "search", "theme", "help", "step", "scroll", "legend", "tab", "panel"} {
		assert.True(t, reached[want], "%s is reached; all: %v", want, reached)
	}
	b.run(chromedp.Focus(chromedp.CSS("#strip li:first-child button")), chromedp.KeyEvent(kb.Enter))
	assert.Equal(t, "hit", eval[string](b, `view.selected.type`), "Enter on the first step shows the fault")
	b.run(chromedp.Focus(chromedp.CSS("#tabs [aria-selected=true]")), chromedp.KeyEvent(kb.ArrowRight))
	assert.Equal(t, "Events", eval[string](b, `document.activeElement.textContent`), "arrows move among tabs")
	assert.NotEqual(t, "none", eval[string](b, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is seen")
	assert.Empty(t, eval[[]string](b, `[...document.querySelectorAll('button, input, a[href]')].filter(e => e.offsetParent && !(e.textContent.trim() || e.getAttribute('aria-label') || e.closest('label'))).map(e => e.outerHTML)`), "each control has a name")
}

// A tap on the picture leads to the details, which are below it.
func TestOnAPhone(t *testing.T) {
	b := openAt(t, write(t, incident(t)), phone)
	b.settle()
	assert.LessOrEqual(t, eval[int](b, `document.documentElement.scrollWidth`), phone.width, "nothing sticks out")
	for _, step := range []string{"first", "last"} {
		eval[bool](b, `scrollTo(0, 0), true`)
		b.run(chromedp.Click(chromedp.CSS("#strip li:" + step + "-child button")))
		b.settle()
		top := eval[float64](b, `document.querySelector('aside').getBoundingClientRect().top`)
		assert.Less(t, top, float64(phone.height)/2, "the details came into view")
		b.shoot("phone-details-" + step)
	}
}
