package sample

import (
	"testing"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/scenarios/thirdparty/older"
)

func TestSample(t *testing.T) {
	seatrial.Check(t, seatrial.Trial{
		Name:       "sample-controller",
		Controller: older.Run,
		Cluster:    seatrial.Files("testdata/crd.yaml"),
		Objects:    seatrial.Files("testdata/foos.yaml"),
	})
}
