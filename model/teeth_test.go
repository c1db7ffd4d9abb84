package model

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
)

// answers are what each property, by name, has said of the histories of the tests.
var (
	answersLock sync.Mutex
	answers     = map[string]map[Status]bool{}
)

// check asks a property about a history, and remembers what it says.
func check(p Property, h *History) Result {
	result := p.Check(h)
	answersLock.Lock()
	defer answersLock.Unlock()
	if answers[p.Name] == nil {
		answers[p.Name] = map[Status]bool{}
	}
	answers[p.Name][result.Status] = true
	return result
}

// TestMain fails when a property has not been seen to let an ok history pass and to
// catch a bad one, if all tests were run.
func TestMain(m *testing.M) {
	code := m.Run()
	for _, filter := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz"} {
		if code != 0 || flag.Lookup(filter).Value.String() != "" {
			os.Exit(code)
		}
	}
	for _, list := range everyProperty() {
		for _, p := range list.properties {
			for _, status := range []Status{Held, Violated} {
				if p.Name == usersPerformed().Name && status == Violated {
					continue // it decides nothing, at most that the run was none
				}
				if !answers[p.Name][status] {
					fmt.Printf("FAIL: no test has a history of which %s says %v\n", p.Name, status)
					code = 1
				}
			}
		}
	}
	os.Exit(code)
}
