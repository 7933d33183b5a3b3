namespace Seguro.Stores.Etcd;

/// <summary>
/// etcd's quota is passed. etcd 3.4 says so also of the very transaction that passed it, after it was applied (etcdserver/apply.go, <c>quotaApplierV3.Txn</c>), so this
/// alone is no proof that nothing was written.
/// </summary>
sealed class EtcdNoSpaceException(Exception cause) : Exception("etcd's quota is passed", cause);
