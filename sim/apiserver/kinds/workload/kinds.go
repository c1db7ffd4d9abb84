package workload

import "github.com/seatrial/seatrial/sim/apiserver/kinds"

// Kinds are the kinds of this room.
func Kinds() []*kinds.Kind {
	all := []*kinds.Kind{
		newPodKind(),
		newPodTemplateKind(),
		newReplicationControllerKind(),
		newDeploymentKind(),
		newReplicaSetKind(),
		newStatefulSetKind(),
		newDaemonSetKind(),
		newJobKind(),
		newPodDisruptionBudgetKind(),
	}
	return append(all, newScalingKinds()...)
}
