package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TargetType says what a global IP leads to.
//
// +kubebuilder:validation:Enum=ClusterIPService;HeadlessServicePod;HeadlessServiceEndpoints
type TargetType string

const (
	// ClusterIPService leads to the cluster IP of an exported Service, through
	// the internal Service that carries the global IP as an external IP.
	ClusterIPService TargetType = "ClusterIPService"
	// HeadlessServicePod leads to one pod behind an exported headless Service.
	HeadlessServicePod TargetType = "HeadlessServicePod"
	// HeadlessServiceEndpoints leads to one address of the Endpoints of an
	// exported headless Service without a selector.
	HeadlessServiceEndpoints TargetType = "HeadlessServiceEndpoints"
)

// GlobalIngressIPSpec says what a global IP is for.
type GlobalIngressIPSpec struct {
	// The kind of target the global IP leads to.
	Target TargetType `json:"target"`

	// The exported Service in the same namespace. Required for a
	// ClusterIPService.
	// +optional
	ServiceRef *corev1.LocalObjectReference `json:"serviceRef,omitempty"`

	// The pod in the same namespace. Required for a HeadlessServicePod.
	// +optional
	PodRef *corev1.LocalObjectReference `json:"podRef,omitempty"`
}

// ConditionAllocated is the condition type that tells whether a global IP is
// in place. Unknown means that an allocation is kept as it is while its state
// cannot be verified.
const ConditionAllocated = "Allocated"

// Reasons of the Allocated condition. The first five are Submariner's.
const (
	ReasonSuccess                       = "Success"
	ReasonIPPoolAllocationFailed        = "IPPoolAllocationFailed"
	ReasonInternalServiceCreationFailed = "InternalServiceCreationFailed"
	ReasonProgramIPTableRulesFailed     = "ProgramIPTableRulesFailed"
	ReasonReserveAllocatedIPsFailed     = "ReserveAllocatedIPsFailed"

	// ReasonClaimFailed: the address could not be claimed, and none is held.
	ReasonClaimFailed = "ClaimFailed"
	// ReasonVerificationFailed: an API error hides the state of what belongs
	// to the allocation. The allocation is kept; the controller keeps trying.
	ReasonVerificationFailed = "VerificationFailed"
	// ReasonInvalidReference: the spec names no target that can be served.
	ReasonInvalidReference = "InvalidReference"
	// ReasonServiceNotFound: the referenced Service does not exist (yet).
	ReasonServiceNotFound = "ServiceNotFound"
	// ReasonReleased: the service is proven gone and the address was given up.
	ReasonReleased = "Released"
)

// GlobalIngressIPStatus is what the controller reports.
type GlobalIngressIPStatus struct {
	// What happened to the allocation, by type. Allocated is the one type in
	// use. The list is atomic and not keyed by type, because objects taken
	// over from Submariner may hold a type twice, and a keyed list would refuse
	// every later write to them.
	// +optional
	// +listType=atomic
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// The global IP. Empty until one is claimed and in service.
	// +optional
	AllocatedIP string `json:"allocatedIP,omitempty"`
}

// GlobalIngressIP is one global IP given to one exported Service, or to one
// pod or address behind an exported headless Service.
//
// +genclient
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=globalingressips,shortName=giip
// +kubebuilder:printcolumn:name="IP",type=string,JSONPath=`.status.allocatedIP`
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.spec.target`
// +kubebuilder:printcolumn:name="Allocated",type=string,JSONPath=`.status.conditions[?(@.type=="Allocated")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Allocated")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type GlobalIngressIP struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec GlobalIngressIPSpec `json:"spec"`

	// +optional
	Status GlobalIngressIPStatus `json:"status,omitempty"`
}

// GlobalIngressIPList is a list of GlobalIngressIPs.
//
// +kubebuilder:object:root=true
type GlobalIngressIPList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []GlobalIngressIP `json:"items"`
}
