package cluster

import "k8s.io/apimachinery/pkg/util/intstr"

// scaledValue is a number, or a percentage of a number; nil and nonsense, which
// the server refuses, are 0.
func scaledValue(v *intstr.IntOrString, of int32, roundUp bool) int32 {
	if v == nil {
		return 0
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(v, int(of), roundUp)
	if err != nil {
		return 0
	}
	return int32(n)
}
