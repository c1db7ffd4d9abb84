package access

import (
	"slices"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Kinds are the kinds of this room.
func Kinds() []*kinds.Kind {
	return slices.Concat(newRBACKinds(), newReviewKinds(), newAdmissionKinds(), newFlowControlKinds(), []*kinds.Kind{newCertificateRequestKind()})
}
