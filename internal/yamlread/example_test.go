package yamlread_test

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/internal/yamlread"
)

// A reader asks for the fields of its format; whatever is wrong comes out at
// once, in the order of lines.
func Example() {
	text := []byte(`apiVersion: example.com/v1
kind: Voyage
name: 7
legs:
- {from: Kiel, hours: 3}
- {from: Visby, lasts: -2h}
ship: &ship Gorch Fock
`)
	doc, top := yamlread.Read("voyage.yaml", text, yamlread.Format{APIVersion: "example.com/v1", Kind: "Voyage"})
	if top == nil {
		fmt.Println(doc.Err())
		return
	}
	var name string
	top.Text("name", &name)
	top.Objects("legs", func(leg *yamlread.Object) {
		var from string
		lasts := time.Hour
		leg.Text("from", &from)
		leg.Duration("lasts", &lasts)
		leg.Done()
		if from == "Visby" {
			leg.Report("nobody sails from there", "another harbour") // not told: its duration is wrong already
		}
	})
	top.Done()
	// What is found out about the whole later still has its place.
	doc.ReportAt("legs[0].from", "Kiel is closed", "another harbour")
	fmt.Println(doc.Err())
	// Output:
	// voyage.yaml:3:7: name: 7 is not text (want text; in quotes if it looks like a number)
	// voyage.yaml:5:10: legs[0].from: Kiel is closed (want another harbour)
	// voyage.yaml:5:16: legs[0].hours: unknown field (want one of from, lasts)
	// voyage.yaml:6:24: legs[1].lasts: -2h is negative (want a duration of 0s or more, with its unit, such as 30s)
	// voyage.yaml:7:1: ship: unknown field (want one of apiVersion, kind, name, legs)
	// voyage.yaml:7:7: ship: an anchor, &ship (want no anchors and aliases)
}
