package broken

import (
	"testing"

	"github.com/seatrial/seatrial"
)

func TestBroken(t *testing.T) { seatrial.Check(t, undefined) }
