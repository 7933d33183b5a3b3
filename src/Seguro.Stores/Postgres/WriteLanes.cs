namespace Seguro.Stores.Postgres;

/// <summary>
/// The lanes that a store's logs write in: one for each while there are few, shared where there are many. A server takes some hundred sessions, and a
/// store may have thousands of ships.
/// </summary>
/// <remarks>Safe for use by several threads at a time.</remarks>
/// <param name="source">Makes the sessions.</param>
/// <param name="most">How many sessions there are at the most.</param>
sealed class WriteLanes(PostgresSource source, int most)
{
    private readonly Lock _lock = new();
    private readonly List<(WriteLane Lane, int Users)> _lanes = [];

    /// <summary>A lane of its own, or where there are no more the one with the fewest users. To be handed back.</summary>
    public WriteLane Rent()
    {
        lock (_lock)
        {
            if (_lanes.Count < most)
                _lanes.Add((new WriteLane(source), 0));
            int index = _lanes.IndexOf(_lanes.MinBy(static lane => lane.Users));
            (WriteLane lane, int users) = _lanes[index];
            _lanes[index] = (lane, users + 1);
            return lane;
        }
    }

    /// <summary>Hands a lane back; its last user closes it.</summary>
    public ValueTask ReturnAsync(WriteLane lane)
    {
        lock (_lock)
        {
            int index = _lanes.FindIndex(rented => rented.Lane == lane);
            int users = _lanes[index].Users - 1;
            if (users > 0)
            {
                _lanes[index] = (lane, users);
                return ValueTask.CompletedTask;
            }
            _lanes.RemoveAt(index);
        }
        return lane.DisposeAsync();
    }
}
