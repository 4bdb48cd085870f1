package treegen

// The parts of the pool.
const (
	containers = iota
	ports
	files
	rules
	properties
	values
	ciphertexts
	jsonContainers
	jsonFiles
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
    matchLabels: {app.kubernetes.io/name: %[1]s}
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

const secretHead = "apiVersion: v1\nkind: Secret\n" + metadata + "type: Opaque\n"

var secret = kind{
	file: "secret", pieces: values,
	head: secretHead + "data:\n",
	item: "  key-%[1]d-%[2]s: ",
	tail: "stringData:\n  owner: %[1]s\n",
}

var secretText = kind{
	file: "secret", pieces: files,
	head: secretHead + "stringData:\n",
	item: "  file-%[1]d: |-\n    # revision %[2]s\n",
}

var encrypted = kind{
	file: "secret-sops", pieces: ciphertexts,
	head: secretHead + "data:\n",
	item: "  key-%[1]d: ",
	tail: `sops:
  age:
    - recipient: age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq
      enc: |
        -----BEGIN AGE ENCRYPTED FILE-----
        YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSAxMjM0NTY3ODkwMTIzNDU2
        Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzCi0tLSAxMjM0NTY3ODkwMTIzNDU2
        -----END AGE ENCRYPTED FILE-----
  lastmodified: "2026-01-02T03:04:05Z"
  mac: ENC[AES256_GCM,data:MTIzNDU2Nzg5MA==,iv:MTIzNDU2Nzg5MDEyMzQ1Ng==,tag:MTIzNDU2Nzg5MDEyMzQ1Ng==,type:str]
  encrypted_regex: ^(data|stringData|%[1]s)$
  version: 3.9.1
`,
}

const jsonMetadata = `  "metadata": {
    "name": "%[1]s",
    "namespace": "apps",
    "labels": {"app.kubernetes.io/name": "%[1]s", "app.kubernetes.io/managed-by": "gitops"},
    "annotations": {"checksum/config": "%[2]s"}
  },
`

var jsonConfigMap = kind{
	file: "configmap", json: true, pieces: jsonFiles,
	head: "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"ConfigMap\",\n" + jsonMetadata + "  \"data\": {\n    \"owner\": \"gitops\"",
	item: ",\n    \"file-%[1]d-%[2]s\": ",
	tail: ",\n    \"name\": \"%[1]s\"\n  }\n}\n",
}

var jsonDeployment = kind{
	file: "deployment", json: true, pieces: jsonContainers,
	head: "{\n  \"apiVersion\": \"apps/v1\",\n  \"kind\": \"Deployment\",\n" + jsonMetadata + `  "spec": {
    "replicas": 3,
    "selector": {"matchLabels": {"app.kubernetes.io/name": "%[1]s"}},
    "template": {
      "metadata": {"labels": {"app.kubernetes.io/name": "%[1]s"}},
      "spec": {
        "containers": [
          {"name": "first", "image": "registry.example.com/apps/first:1.0.0"}`,
	item: ",\n          {\"name\": \"container-%[1]d\", \"image\": \"registry.example.com/apps/service:1.%[1]d.0-%[2]s\", ",
	tail: "\n        ],\n        \"serviceAccountName\": \"%[1]s\"\n      }\n    }\n  }\n}\n",
}

var (
	// list is a file with one List of small objects.
	list = kind{file: "list"}
	// chart is a file with objects of all kinds behind comments, as Helm renders them.
	chart = kind{file: "chart"}
)
