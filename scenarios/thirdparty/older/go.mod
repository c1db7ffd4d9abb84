// A controller as it was written for Kubernetes 1.29, with the go.mod of that
// time: nothing in this module knows of the trial.
module github.com/seatrial/seatrial/scenarios/thirdparty/older

go 1.21

require (
	k8s.io/api v0.29.15
	k8s.io/apimachinery v0.29.15
	k8s.io/client-go v0.29.15
)
