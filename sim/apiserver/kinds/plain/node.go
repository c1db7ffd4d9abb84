package plain

import (
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

const nodeRolePrefix = "node-role.kubernetes.io/"

// Nodes may be created with a status: kubelets register themselves that way.
func newNodeKind() *kinds.Kind {
	return kinds.Builtin[*corev1.Node, *corev1.NodeList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "nodes",
		ShortNames: []string{"no"},
		Strategy: &kinds.Rules[*corev1.Node]{
			Defaults:      defaultNode,
			PrepareUpdate: func(node, old *corev1.Node) { node.Status = old.Status },
			CheckUpdate:   validateNodeUpdate,
		},
		Status: &kinds.Rules[*corev1.Node]{
			PrepareUpdate: func(node, old *corev1.Node) { node.Spec = old.Spec },
		},
		Table: nodeTable(),
		Selectable: kinds.Selectable(func(node *corev1.Node) fields.Set {
			return fields.Set{"spec.unschedulable": strconv.FormatBool(node.Spec.Unschedulable)}
		}),
	})
}

func defaultNode(node *corev1.Node) {
	if node.Status.Allocatable == nil && node.Status.Capacity != nil {
		node.Status.Allocatable = node.Status.Capacity.DeepCopy()
	}
	if node.Spec.PodCIDR != "" && len(node.Spec.PodCIDRs) == 0 {
		node.Spec.PodCIDRs = []string{node.Spec.PodCIDR}
	}
}

// validateNodeUpdate: where a node is and which addresses its Pods get is said
// once.
func validateNodeUpdate(node, old *corev1.Node) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	if len(old.Spec.PodCIDRs) > 0 && !slices.Equal(node.Spec.PodCIDRs, old.Spec.PodCIDRs) {
		errs = append(errs, field.Forbidden(spec.Child("podCIDRs"), "node updates may not change podCIDR except from \"\" to valid"))
	}
	if old.Spec.ProviderID != "" && node.Spec.ProviderID != old.Spec.ProviderID {
		errs = append(errs, field.Forbidden(spec.Child("providerID"), "node updates may not change providerID except from \"\" to valid"))
	}
	return errs
}

func nodeTable() kinds.Table {
	info, status := corev1.NodeSystemInfo{}.SwaggerDoc(), corev1.NodeStatus{}.SwaggerDoc()
	return kinds.TableOf([]metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Status", Type: "string", Description: "The status of the node"},
		{Name: "Roles", Type: "string", Description: "The roles of the node"},
		kinds.AgeColumn,
		{Name: "Version", Type: "string", Description: info["kubeletVersion"]},
		{Name: "Internal-IP", Type: "string", Priority: 1, Description: status["addresses"]},
		{Name: "External-IP", Type: "string", Priority: 1, Description: status["addresses"]},
		{Name: "OS-Image", Type: "string", Priority: 1, Description: info["osImage"]},
		{Name: "Kernel-Version", Type: "string", Priority: 1, Description: info["kernelVersion"]},
		{Name: "Container-Runtime", Type: "string", Priority: 1, Description: info["containerRuntimeVersion"]},
	}, func(node *corev1.Node, now time.Time) []any {
		system := node.Status.NodeInfo
		return []any{
			node.Name, nodeState(node), nodeRoles(node), kinds.Age(node.CreationTimestamp, now), system.KubeletVersion,
			nodeAddress(node, corev1.NodeInternalIP), nodeAddress(node, corev1.NodeExternalIP),
			orUnknown(system.OSImage), orUnknown(system.KernelVersion), orUnknown(system.ContainerRuntimeVersion),
		}
	})
}

func orUnknown(s string) string {
	if s == "" {
		return "<unknown>"
	}
	return s
}

func nodeState(node *corev1.Node) string {
	state := "Unknown"
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			state = "NotReady"
			if condition.Status == corev1.ConditionTrue {
				state = "Ready"
			}
		}
	}
	if node.Spec.Unschedulable {
		state += ",SchedulingDisabled"
	}
	return state
}

func nodeRoles(node *corev1.Node) string {
	roles := sets.New[string]()
	for label, value := range node.Labels {
		if role, found := strings.CutPrefix(label, nodeRolePrefix); found && role != "" {
			roles.Insert(role)
		} else if label == "kubernetes.io/role" && value != "" {
			roles.Insert(value)
		}
	}
	return kinds.OrNone(strings.Join(sets.List(roles), ","))
}

func nodeAddress(node *corev1.Node, kind corev1.NodeAddressType) string {
	for _, address := range node.Status.Addresses {
		if address.Type == kind {
			return address.Address
		}
	}
	return "<none>"
}
