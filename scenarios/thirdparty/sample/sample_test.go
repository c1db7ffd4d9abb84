package sample

import (
	"testing"

	"github.com/seatrial/seatrial/scenarios/thirdparty/older"
	"github.com/seatrial/seatrial/scenarios/trial"
)

func TestSample(t *testing.T) {
	trial.Check(t, trial.Trial{
		Name:       "sample-controller",
		Controller: older.Run,
		Cluster:    trial.Files("testdata/crd.yaml"),
		Objects:    trial.Files("testdata/foos.yaml"),
	})
}
