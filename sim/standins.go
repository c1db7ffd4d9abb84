package sim

import "github.com/seatrial/seatrial/faults"

// StandIns are parts of a cluster that the API server alone has not, the kubelet for
// one: see package sim/cluster, which has some.
type StandIns interface {
	// ProcessNames are those of the processes that AddTo adds, all of them
	// [Process.StandIn].
	ProcessNames() []string
	// AddTo adds them to a world, and changes nothing else; what is left to chance in
	// them is drawn by its seed. The error says what is wrong with them.
	AddTo(config *Config) error
}

// StandInOptions say which stand-ins there are, as files do. Behind the interface is a
// pointer to a struct, whose fields have the tags json (the name in files) and doc (a
// sentence about it).
type StandInOptions interface {
	// Problems says everything that is wrong with them, by field.
	Problems() []faults.Problem
	// Drawn are the stand-ins, as slow and as faulty as the seed of a world wants where
	// the options do not say.
	Drawn() StandIns
}

// newStandInOptions is what was registered.
var newStandInOptions func() StandInOptions

// RegisterStandIns makes options known to files. It is called when the package that has
// them is initialised, so that a program which needs no stand-ins does not link them. It
// panics when there are some already.
func RegisterStandIns(empty func() StandInOptions) {
	if newStandInOptions != nil {
		panic("sim: there are stand-ins for files already")
	}
	newStandInOptions = empty
}

// NewStandInOptions are the options of no stand-in, for a file to fill; nil: this program
// has linked none.
func NewStandInOptions() StandInOptions {
	if newStandInOptions == nil {
		return nil
	}
	return newStandInOptions()
}
