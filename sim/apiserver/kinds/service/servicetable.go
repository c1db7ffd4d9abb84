package service

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

var (
	serviceDoc     = corev1.ServiceSpec{}.SwaggerDoc()
	serviceColumns = []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Type", Type: "string", Description: serviceDoc["type"]},
		{Name: "Cluster-IP", Type: "string", Description: serviceDoc["clusterIP"]},
		{Name: "External-IP", Type: "string", Description: serviceDoc["externalIPs"]},
		{Name: "Port(s)", Type: "string", Description: serviceDoc["ports"]},
		kinds.AgeColumn,
		{Name: "Selector", Type: "string", Priority: 1, Description: serviceDoc["selector"]},
	}
)

func serviceCells(svc *corev1.Service, now time.Time) []any {
	clusterIP := "<none>"
	if len(svc.Spec.ClusterIPs) > 0 {
		clusterIP = svc.Spec.ClusterIPs[0]
	}
	return []any{
		svc.Name, string(svc.Spec.Type), clusterIP, serviceExternalIP(svc), kinds.OrNone(servicePorts(svc)),
		kinds.Age(svc.CreationTimestamp, now), labels.FormatLabels(svc.Spec.Selector),
	}
}

func serviceExternalIP(svc *corev1.Service) string {
	addresses := svc.Spec.ExternalIPs
	switch svc.Spec.Type {
	case corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort:
		return kinds.OrNone(strings.Join(addresses, ","))
	case corev1.ServiceTypeExternalName:
		return svc.Spec.ExternalName
	case corev1.ServiceTypeLoadBalancer:
		var all []string
		for _, ingress := range svc.Status.LoadBalancer.Ingress {
			if ingress.IP != "" {
				all = append(all, ingress.IP)
			} else if ingress.Hostname != "" {
				all = append(all, ingress.Hostname)
			}
		}
		if all = append(all, addresses...); len(all) > 0 {
			return strings.Join(all, ",")
		}
		return "<pending>"
	}
	return "<unknown>"
}

func servicePorts(svc *corev1.Service) string {
	var ports []string
	for _, p := range svc.Spec.Ports {
		if p.NodePort > 0 {
			ports = append(ports, fmt.Sprintf("%d:%d/%s", p.Port, p.NodePort, p.Protocol))
		} else {
			ports = append(ports, fmt.Sprintf("%d/%s", p.Port, p.Protocol))
		}
	}
	return strings.Join(ports, ",")
}
