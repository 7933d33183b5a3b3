namespace Seguro.Piers;

/// <summary>The state of an LMDB file after one transaction: what a meta page says.</summary>
/// <param name="Transaction">The transaction's number.</param>
/// <param name="LastPage">The last page in use.</param>
/// <param name="Free">The table of free pages.</param>
/// <param name="Main">The table of named tables.</param>
internal readonly record struct LmdbSnapshot(ulong Transaction, ulong LastPage, LmdbTable Free, LmdbTable Main);
