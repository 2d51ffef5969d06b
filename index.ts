export { Addon } from "./components/addon";
export type { AddonArgs, ManifestFile } from "./components/args/addon";
export type {
  BackupArgs,
  CertificatesArgs,
  EndpointArgs,
  FileArgs,
  K8sClusterArgs,
  KubeadmArgs,
  UpgradeArgs,
  VirtualIpArgs,
} from "./components/args/cluster";
export type { ConnectionArgs, HopArgs, SudoArgs, TimeoutsArgs } from "./components/args/connection";
export type {
  ControlPlaneArgs,
  ControlPlaneNodeArgs,
  DrainArgs,
  NodeArgs,
  PreflightArgs,
  TaintArgs,
  WorkerNodeArgs,
} from "./components/args/node";
export type { ContainerdArgs, FlannelArgs, NetworkArgs, RegistryArgs, SourceArgs } from "./components/args/runtime";
export type {
  AgentArgs,
  AgentMachineArgs,
  CriProviderArgs,
  DeviceConnectionArgs,
  LogsArgs,
  RemoteClusterProviderArgs,
  ResourcesArgs,
  SerialProviderArgs,
  SimulatedProviderArgs,
  SshProviderArgs,
  VirtualKubeletArgs,
  VirtualKubeletEntryArgs,
  VirtualKubeletNodeArgs,
  VirtualKubeletProviderArgs,
} from "./components/args/virtualKubelet";
export { K8sCluster } from "./components/cluster";
export { ControlPlaneNode } from "./components/controlPlaneNode";
export { VirtualKubeletNode } from "./components/virtualKubeletNode";
export { WorkerNode } from "./components/workerNode";
