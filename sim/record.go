package sim

import (
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// Record is what happened in one run, as data.
type Record struct {
	Seed     Seed
	Hash     string // of every event, in order; equal hashes mean equal runs as the API server saw them
	Requests int    // calls made by all processes
	Virtual  time.Duration
	History  model.History
	Fired    map[faults.Kind]int
	Struck   map[string]int // how often each rule took effect, by its ID
	Events   []Event        // only with Config.KeepTrace
	Log      []LogLine      // only with Config.KeepTrace
}

// LogLine is one line that a process logged. Log wording is not part of the hash.
type LogLine struct {
	At      time.Duration `json:"at"`
	Process string        `json:"process"`
	Text    string        `json:"text"`
}
