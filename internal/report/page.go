package report

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:embed assets
var assets embed.FS

// scripts in the order in which they run.
var scripts = []string{"words.js", "lanes.js", "timeline.js", "paint.js", "panel.js", "strip.js", "main.js"}

// Write writes the page of a run. It refers to no other file but
// porcupine.html beside it, and to that only when About.Porcupine says that it
// is there.
func Write(w io.Writer, d *Data) error {
	// encoding/json escapes <, > and &, so the text cannot end the element that
	// it stands in.
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	title := fmt.Sprintf("%s: %s %s, seed %s", d.About.Verdict, d.About.Subject, d.About.Scenario, d.About.Seed)
	err = page().Execute(w, struct {
		Title  string
		Style  template.CSS
		Script template.JS
		Data   template.JS
	}{title, template.CSS(asset("style.css")), script(), template.JS(text)})
	if err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	return nil
}

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(asset("page.html")))
})

var script = sync.OnceValue(func() template.JS {
	text := ""
	for _, name := range scripts {
		text += asset(name)
	}
	return template.JS(text)
})

func asset(name string) string {
	text, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(fmt.Sprintf("report: the embedded file %s cannot be read: %v", name, err))
	}
	return string(text)
}
