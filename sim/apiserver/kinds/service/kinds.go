package service

import "github.com/seatrial/seatrial/sim/apiserver/kinds"

// Kinds are the kinds of this room but for Service itself.
func Kinds() []*kinds.Kind {
	all := []*kinds.Kind{
		newEndpointsKind(),
		newEndpointSliceKind(),
		newIPAddressKind(),
	}
	return append(all, newNetworkingKinds()...)
}
