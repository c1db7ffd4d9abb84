package service

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

const endpointsDeprecation = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"

// Endpoints are deprecated but served: every request is answered with a
// warning.
func newEndpointsKind() *kinds.Kind {
	kind := kinds.Builtin[*corev1.Endpoints, *corev1.EndpointsList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "endpoints",
		ShortNames: []string{"ep"},
		Namespaced: true,
		Strategy: &kinds.Rules[*corev1.Endpoints]{
			Defaults:       defaultEndpoints,
			Check:          validateEndpoints,
			CheckUpdate:    validateEndpointsUpdate,
			CreateOnUpdate: true,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Endpoints", Type: "string", Description: corev1.Endpoints{}.SwaggerDoc()["subsets"]},
			kinds.AgeColumn,
		}, func(ep *corev1.Endpoints, now time.Time) []any {
			return []any{ep.Name, firstThree(endpointAddresses(ep)), kinds.Age(ep.CreationTimestamp, now)}
		}),
	})
	kind.ListKind = "EndpointsList"
	kind.Versions[0].Deprecated = true
	kind.Versions[0].DeprecationWarning = endpointsDeprecation
	return kind
}

func defaultEndpoints(ep *corev1.Endpoints) {
	for _, subset := range ep.Subsets {
		for i := range subset.Ports {
			if subset.Ports[i].Protocol == "" {
				subset.Ports[i].Protocol = corev1.ProtocolTCP
			}
		}
	}
}

func validateEndpoints(ep *corev1.Endpoints) field.ErrorList {
	var errs field.ErrorList
	for i, subset := range ep.Subsets {
		path := field.NewPath("subsets").Index(i)
		if len(subset.Addresses) == 0 && len(subset.NotReadyAddresses) == 0 {
			errs = append(errs, field.Required(path, "must specify `addresses` or `notReadyAddresses`"))
		}
		for j := range subset.Addresses {
			errs = append(errs, validateEndpointAddress(&subset.Addresses[j], path.Child("addresses").Index(j))...)
		}
		for j := range subset.NotReadyAddresses {
			errs = append(errs, validateEndpointAddress(&subset.NotReadyAddresses[j], path.Child("notReadyAddresses").Index(j))...)
		}
		for j := range subset.Ports {
			errs = append(errs, validateEndpointPort(&subset.Ports[j], len(subset.Ports) > 1, path.Child("ports").Index(j))...)
		}
	}
	return errs
}

func validateEndpointAddress(address *corev1.EndpointAddress, path *field.Path) field.ErrorList {
	errs := utilvalidation.IsValidIPForLegacyField(path.Child("ip"), address.IP, true, nil)
	if len(errs) == 0 {
		errs = validateEndpointIP(address.IP, path.Child("ip"))
	}
	if address.Hostname != "" {
		errs = append(errs, kinds.Invalids(path.Child("hostname"), address.Hostname, utilvalidation.IsDNS1123Label(address.Hostname))...)
	}
	if node := address.NodeName; node != nil {
		errs = append(errs, kinds.Invalids(path.Child("nodeName"), *node, utilvalidation.IsDNS1123Subdomain(*node))...)
	}
	return errs
}

func validateEndpointPort(port *corev1.EndpointPort, needsName bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if port.Name != "" {
		errs = append(errs, kinds.Invalids(path.Child("name"), port.Name, utilvalidation.IsDNS1123Label(port.Name))...)
	} else if needsName {
		errs = append(errs, field.Required(path.Child("name"), ""))
	}
	errs = append(errs, kinds.Invalids(path.Child("port"), port.Port, utilvalidation.IsValidPortNum(int(port.Port)))...)
	if !kinds.PortProtocols.Has(port.Protocol) {
		errs = append(errs, field.NotSupported(path.Child("protocol"), port.Protocol, sets.List(kinds.PortProtocols)))
	}
	if protocol := port.AppProtocol; protocol != nil {
		errs = append(errs, kinds.Invalids(path.Child("appProtocol"), *protocol, utilvalidation.IsQualifiedName(*protocol))...)
	}
	return errs
}

// validateEndpointsUpdate tolerates subsets that were accepted once.
func validateEndpointsUpdate(ep, old *corev1.Endpoints) field.ErrorList {
	if apiequality.Semantic.DeepEqual(ep.Subsets, old.Subsets) {
		return nil
	}
	return validateEndpoints(ep)
}

func endpointAddresses(ep *corev1.Endpoints) []string {
	var all []string
	for _, subset := range ep.Subsets {
		if len(subset.Ports) == 0 {
			for _, address := range subset.Addresses {
				all = append(all, address.IP)
			}
		}
		for _, port := range subset.Ports {
			for _, address := range subset.Addresses {
				all = append(all, net.JoinHostPort(address.IP, strconv.Itoa(int(port.Port))))
			}
		}
	}
	return all
}

// firstThree shortens a list for a table: a,b,c + 4 more...
func firstThree(all []string) string {
	switch {
	case len(all) == 0:
		return "<none>"
	case len(all) <= 3:
		return strings.Join(all, ",")
	}
	return fmt.Sprintf("%s + %d more...", strings.Join(all[:3], ","), len(all)-3)
}
