namespace Seguro.Sdk;

/// <summary>What a store can do, and what its commit is worth.</summary>
/// <param name="Engine">Its word in URLs: <c>dqlite</c>, <c>postgresql</c> …</param>
/// <param name="CommitMeans">What a commit is worth, for people: "fsync'd on this machine", "durable on 2 of 3 nodes".</param>
/// <param name="DurableCopies">How many copies of an event are durable when it is committed.</param>
/// <param name="LargestEvent">The most bytes that one event may have.</param>
/// <param name="Warnings">What the user should know about the database's settings; each a full sentence.</param>
public sealed record StoreFacts(string Engine, string CommitMeans, int DurableCopies, long LargestEvent, IReadOnlyList<string> Warnings);
