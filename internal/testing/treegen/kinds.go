package treegen

// The parts of the pool.
const (
	containers = iota
	ports
	files
	rules
	properties
	pools // their number
)

const metadata = `metadata:
  name: %[1]s
  namespace: apps
  labels:
    app.kubernetes.io/name: %[1]s
    app.kubernetes.io/managed-by: gitops
  annotations:
    checksum/config: %[2]s
`

var deployment = kind{
	file: "deployment", pieces: containers,
	head: "apiVersion: apps/v1\nkind: Deployment\n" + metadata + `spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: %[1]s
  template:
    metadata:
      labels:
        app.kubernetes.io/name: %[1]s
    spec:
      containers:
`,
	item: "      - name: container-%[1]d\n        image: registry.example.com/apps/service:1.%[1]d.0-%[2]s\n",
	tail: "      volumes:\n        - name: config\n          configMap:\n            name: %[1]s\n",
}

var service = kind{
	file: "service", pieces: ports,
	head: "apiVersion: v1\nkind: Service\n" + metadata + "spec:\n  ports:\n",
	item: "    - name: port-%[1]d\n      port: 8%03[1]d\n", // names have 15 characters at most
	tail: "  selector:\n    app.kubernetes.io/name: %[1]s\n  type: ClusterIP\n",
}

var configMap = kind{
	file: "configmap", pieces: files,
	head: "apiVersion: v1\nkind: ConfigMap\n" + metadata + "data:\n",
	item: "  file-%[1]d: |\n    # revision %[2]s\n",
}

var role = kind{
	file: "role", pieces: rules,
	head: "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n" + metadata + "rules:\n",
	item: "  - resourceNames:\n      - item-%[1]d-%[2]s\n",
}

var definition = kind{
	file: "crd", pieces: properties,
	head: `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: %[1]ss.apps.example.com
  annotations:
    checksum/schema: %[2]s
spec:
  group: apps.example.com
  names:
    kind: Kind-%[1]s
    plural: %[1]ss
    singular: %[1]s
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
`,
	item: "            field%[1]d:\n",
}

// bundle is the name of files with objects of all kinds.
var bundle = kind{file: "bundle"}
