package globalingressip

import (
	"embed"
	"fmt"

	"github.com/seatrial/seatrial/scenarios"
)

//go:embed library/*.yaml
var libraryFiles embed.FS

// LibraryFolder is where the files of [Library] are in this module.
const LibraryFolder = "scenarios/globalingressip/library"

// Library returns the scenarios written by hand, in the order of their file
// names. Each call returns plans of its own.
//
// It panics when a file is malformed: they are part of the program.
func Library() []scenarios.Plan {
	entries, err := libraryFiles.ReadDir("library")
	if err != nil {
		panic(fmt.Sprintf("globalingressip: the embedded library cannot be read: %v", err))
	}
	plans := make([]scenarios.Plan, 0, len(entries))
	for _, entry := range entries {
		name := "library/" + entry.Name()
		data, err := libraryFiles.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("globalingressip: the embedded library cannot be read: %v", err))
		}
		plan, err := scenarios.Parse(name, data, Language())
		if err != nil {
			panic(fmt.Sprintf("globalingressip: the embedded library is malformed: %v", err))
		}
		plans = append(plans, plan)
	}
	return plans
}

// Find returns the library's scenario of that name, and whether there is one.
func Find(name string) (scenarios.Plan, bool) {
	for _, p := range Library() {
		if p.Name == name {
			return p, true
		}
	}
	return scenarios.Plan{}, false
}
