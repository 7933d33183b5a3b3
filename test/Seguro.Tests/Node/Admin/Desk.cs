using System.Text.Json;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Links;
using Seguro.Testing;

namespace Seguro.Tests.Node.Admin;

/// <summary>A member that does at once what it is asked to.</summary>
sealed class Desk
{
    private MemberStatus _status;

    public Desk(Role role)
    {
        _status = new MemberStatus
        {
            Name = "a",
            Role = role,
            Term = new Term(4),
            Master = role is Role.Master ? "a" : "",
            Durable = Position.Origin,
            Processed = Position.Origin,
            Committed = Position.Origin,
            Released = EventNumber.None,
            Optimism = Optimism.Default,
            Members = ["a", "b", "c"],
        };
        Actions = new AdminActions(() => _status, AskAsync, Report, name => name == "d", (to, path, _, _) =>
        {
            Forwarded.Add((to, path));
            if (Unreachable)
                throw new SeguroException(ErrorCode.StoreUnavailable, $"member {to} can't be reached", "See that it runs.");
            return Task.FromResult(new LinkReply(200, JsonSerializer.SerializeToUtf8Bytes(Report(), JsonSerializerOptions.Web)));
        });
    }

    public string Master
    {
        init => _status = _status with { Master = value };
    }

    public IReadOnlyList<string> Members
    {
        init => _status = _status with { Members = value };
    }

    public bool Unreachable { get; init; }

    public AdminActions Actions { get; }

    public List<(string To, string Path)> Forwarded { get; } = [];

    public List<Wish> Asked { get; } = [];

    public AdminOptions Options(TemporaryFolder folder) => new() { Socket = folder["s"], Ship = new AdminShip(Report, static () => [], Actions) };

    private StatusReport Report() => StatusReport.Of(_status, "~zod", "dqlite://x", "", [], []);

    private Task AskAsync(Wish wish, CancellationToken cancel)
    {
        Asked.Add(wish);
        switch (wish)
        {
            case Wish.ChangeOptimism { Replicas: > 2 }:
                return Task.FromException(new SeguroException(ErrorCode.BadValue, "an optimism of 3, and the cluster has 2 replicas", "Use 0 to 2."));
            case Wish.ChangeOptimism change:
                _status = _status with { Optimism = new Optimism(change.Replicas, change.OnReplicaLoss ?? _status.Optimism.OnReplicaLoss) };
                break;
            case Wish.ChangeMembers change:
                _status = _status with { Members = [.. _status.Members.Concat(change.Join)] };
                break;
            default:
                _status = _status with { Role = Role.Replica };
                break;
        }
        return Task.CompletedTask;
    }
}
